/** How closely two lists follow each other, from −1 to 1. */
export interface Correlation {
  /** Of the values: a straight line. */
  readonly pearson: number;
  /** Of the ranks, ties shared: any rising or falling curve. */
  readonly spearman: number;
}

/** The correlations of two lists of one length, or none where a list does not vary. */
export function correlate(x: ArrayLike<number>, y: ArrayLike<number>): Correlation | undefined {
  const pearson = correlateValues(x, y);
  const spearman = correlateValues(rankValues(x), rankValues(y));
  return pearson === undefined || spearman === undefined ? undefined : { pearson, spearman };
}

/** Two passes in float64: E[xy] − E[x]E[y] would cancel. */
function correlateValues(x: ArrayLike<number>, y: ArrayLike<number>): number | undefined {
  const dx = centre(x);
  const dy = centre(y);
  const product = Math.sqrt(sumSquares(dx) * sumSquares(dy));
  if (!(product > 0)) return undefined;
  const sum = dx.reduce((total, value, index) => total + value * (dy[index] ?? 0), 0);
  // Rounding may leave a perfect line at 1 + 2e-16.
  return Math.max(-1, Math.min(1, sum / product));
}

/** The values less their mean, scaled to at most 1 in size; all 0 where they are all equal. */
function centre(values: ArrayLike<number>): number[] {
  const list = Array.from(values);
  if (list.every((value) => value === list[0])) return list.map(() => 0);
  const scale = list.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const scaled = list.map((value) => value / scale);
  const mean = scaled.reduce((total, value) => total + value, 0) / list.length;
  return scaled.map((value) => value - mean);
}

function sumSquares(values: readonly number[]): number {
  return values.reduce((total, value) => total + value * value, 0);
}

/** Ranks from 1; equal values share the mean of their ranks. */
export function rankValues(values: ArrayLike<number>): number[] {
  const order = Array.from(values, (value, index) => ({ value, index })).sort((p, q) => p.value - q.value);
  const ranks = new Array<number>(order.length).fill(0);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && order[end]?.value === order[start]?.value) end += 1;
    for (const { index } of order.slice(start, end)) ranks[index] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
