import { PairedStatsError } from "../paired-stats-error.ts";
import { itemAt, valueAt } from "../reading.ts";

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
  const places: number[] = [];
  for (let place = 0; place < x.length; place += 1) if (keep(place)) places.push(place);
  const fromX = fromFirst(x, places);
  const fromY = fromFirst(y, places);
  const count = places.length;
  let sumX = 0;
  let sumY = 0;
  for (const value of fromX) sumX += value;
  for (const value of fromY) sumY += value;
  let squaresX = 0;
  let squaresY = 0;
  let products = 0;
  for (let place = 0; place < count; place += 1) {
    const aboutX = valueAt(fromX, place) - sumX / count;
    const aboutY = valueAt(fromY, place) - sumY / count;
    squaresX += aboutX * aboutX;
    squaresY += aboutY * aboutY;
    products += aboutX * aboutY;
  }
  return correlationOf(count, squaresX, squaresY, products);
}

/**
 * The values at some places from the first of them, so that equal ones are exactly 0, brought near 1 in size by a power
 * of two, which rounds nothing.
 */
function fromFirst(values: Float64Array, places: readonly number[]): Float64Array {
  let largest = 0;
  for (const place of places) largest = Math.max(largest, Math.abs(valueAt(values, place)));
  const scale = largest > 0 ? 2 ** Math.min(LARGEST_EXPONENT, -Math.ceil(Math.log2(largest))) : 1;
  const first = places[0] === undefined ? 0 : valueAt(values, places[0]) * scale;
  const from = new Float64Array(places.length);
  for (let at = 0; at < places.length; at += 1)
    from[at] = valueAt(values, itemAt(places, at)) * scale - first;
  return from;
}

/** 2 to a greater power is no float64. */
const LARGEST_EXPONENT = 1023;

/** Pearson's correlation by one pass, both sides taken from their first value: equal ones have no variance. */
export class RunningCorrelation {
  #count = 0;
  #firstX = 0;
  #firstY = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #yy = 0;
  #xy = 0;

  /** Takes one pair of values. */
  add(x: number, y: number): void {
    if (this.#count === 0) {
      this.#firstX = x;
      this.#firstY = y;
    }
    const fromX = x - this.#firstX;
    const fromY = y - this.#firstY;
    this.#count += 1;
    this.#x += fromX;
    this.#y += fromY;
    this.#xx += fromX * fromX;
    this.#yy += fromY * fromY;
    this.#xy += fromX * fromY;
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
