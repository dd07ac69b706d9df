import { PairedStatsError } from "../paired-stats-error.ts";
import { valueAt } from "../reading.ts";

/**
 * Pearson's correlation, by two passes in float64.
 *
 * @param x - values, in any unit.
 * @param y - as many values.
 * @param keep - which places take part; all by default.
 * @returns r from −1 to 1.
 * @throws {@link PairedStatsError} `degenerate` if fewer than two places take part or one side does not vary.
 */
export function pearson(
  x: Float64Array,
  y: Float64Array,
  keep: (place: number) => boolean = () => true,
): number {
  let count = 0;
  let sumX = 0;
  let sumY = 0;
  for (let place = 0; place < x.length; place += 1) {
    if (!keep(place)) continue;
    count += 1;
    sumX += valueAt(x, place);
    sumY += valueAt(y, place);
  }
  let squaresX = 0;
  let squaresY = 0;
  let products = 0;
  for (let place = 0; place < x.length; place += 1) {
    if (!keep(place)) continue;
    const fromX = valueAt(x, place) - sumX / count;
    const fromY = valueAt(y, place) - sumY / count;
    squaresX += fromX * fromX;
    squaresY += fromY * fromY;
    products += fromX * fromY;
  }
  return correlationOf(count, squaresX, squaresY, products);
}

/**
 * Pearson's correlation by one pass, for values whose mean is not large against their spread.
 */
export class RunningCorrelation {
  #count = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #yy = 0;
  #xy = 0;

  /** Takes one pair of values. */
  add(x: number, y: number): void {
    this.#count += 1;
    this.#x += x;
    this.#y += y;
    this.#xx += x * x;
    this.#yy += y * y;
    this.#xy += x * y;
  }

  /** @throws {@link PairedStatsError} `degenerate` as {@link pearson}. */
  r(): number {
    const count = this.#count;
    return correlationOf(
      count,
      this.#xx - (this.#x * this.#x) / count,
      this.#yy - (this.#y * this.#y) / count,
      this.#xy - (this.#x * this.#y) / count,
    );
  }
}

function correlationOf(count: number, squaresX: number, squaresY: number, products: number): number {
  if (count < 2 || !(squaresX > 0) || !(squaresY > 0))
    throw new PairedStatsError(
      "degenerate",
      `a correlation needs two units or more that differ from each other on both sides, got ${count}`,
      { units: count },
    );
  return Math.max(-1, Math.min(1, products / Math.sqrt(squaresX) / Math.sqrt(squaresY)));
}
