import { valueAt } from "../../reading.ts";

/** One bar of a histogram, in the units of the values. */
export interface Bin {
  readonly start: number;
  readonly stop: number;
  readonly count: number;
}

/** How values are binned. */
interface BinOptions {
  readonly bins: number;
  /** Where the first bin begins. */
  readonly start?: number;
  /** The end of the last bin. Values beyond it are counted in the last bin. */
  readonly end: number;
  /** Bins that are equally wide on a square-root axis, of values that are not negative. */
  readonly squareRoot?: boolean;
}

/** Counts values in bins of equal width; bins without a value are left out. */
export function binValues(
  values: Iterable<number>,
  { bins, start = 0, end, squareRoot = false }: BinOptions,
): Bin[] {
  const toAxis = squareRoot ? Math.sqrt : (value: number): number => value;
  const fromAxis = squareRoot ? (place: number): number => place ** 2 : (place: number): number => place;
  const first = toAxis(start);
  const width = (toAxis(end) - first) / bins;
  const counts = new Float64Array(bins);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor((toAxis(value) - first) / width));
    counts[bin] = valueAt(counts, bin) + 1;
  }
  return Array.from(counts, (count, bin) => ({
    start: fromAxis(first + bin * width),
    stop: fromAxis(first + (bin + 1) * width),
    count,
  })).filter(({ count }) => count > 0);
}
