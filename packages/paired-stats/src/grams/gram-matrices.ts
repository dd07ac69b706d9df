import { checkMatrix, type Matrix } from "../matrix.ts";
import { checkOptions } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { itemAt, valueAt } from "../reading.ts";
import { centreRows, checkRepresentable, levelsOf, mirror, type GramMatrices } from "./grams.ts";

/** Channels next to each other, from `start` up to and without `stop`. */
export interface ChannelRange {
  /** The first channel, counted from 0. */
  readonly start: number;
  /** The channel behind the last one. */
  readonly stop: number;
}

/** Options of {@link gramMatrices}. */
export interface GramMatricesOptions {
  /**
   * Centre the rows of each object, channel by channel, before they are multiplied: the rows are then
   * `objects × levels`. The same as {@link centreGrams} but for its rounding, which matters where the levels differ
   * little beside what they have in common.
   */
  readonly objects?: number;
}

/** Channels multiplied at a time: rows of so many stay in the processor's cache. */
const TILE = 512;

/**
 * The Gram matrix of the rows over each of several ranges of channels, in one pass over the measurements. For sets made
 * of others add theirs up with {@link addGrams}.
 *
 * @param measurements - `[rows, channels]`, in any unit of measurement.
 * @param sets - one range of channels each; they may overlap.
 * @returns `[sets, rows, rows]`, sums in float64.
 * @throws {@link PairedStatsError} for an invalid matrix as {@link pairedDifference}; `invalid-argument` for a range outside
 *   the channels, or an empty one; `shape-mismatch` if the rows are no multiple of `objects`; `out-of-range` for values
 *   whose squares leave float64.
 * @example
 * const heads = Array.from({ length: 24 }, (_, head) => ({ start: 128 * head, stop: 128 * (head + 1) }));
 * const grams = gramMatrices(measurements, heads); // [24, rows, rows]
 */
export function gramMatrices(
  measurements: Matrix,
  sets: readonly ChannelRange[],
  options: GramMatricesOptions = {},
): GramMatrices {
  checkOptions(options, ["objects"]);
  checkMatrix(measurements, "measurements");
  const [rows, channels] = measurements.shape;
  checkRanges(sets, channels);
  const levels = options.objects === undefined ? undefined : levelsOf(rows, options.objects);
  const padded = rows + (rows % 2); // a row of zeros, so that rows go two by two
  const tile = new Float64Array(padded * TILE);
  const data = new Float64Array(sets.length * rows * rows);
  for (const [set, { start, stop }] of sets.entries()) {
    const gram = data.subarray(set * rows * rows, (set + 1) * rows * rows);
    for (let from = start; from < stop; from += TILE) {
      const width = Math.min(TILE, stop - from);
      for (let row = 0; row < rows; row += 1) {
        const place = row * channels + from;
        tile.set(measurements.data.subarray(place, place + width), row * TILE);
      }
      if (levels !== undefined) centreRows(tile, rows, levels, width, TILE);
      addProducts(tile, rows, width, gram);
    }
    mirror(gram, rows);
  }
  checkRepresentable(data);
  return { data, shape: [sets.length, rows, rows] };
}

function checkRanges(sets: readonly ChannelRange[], channels: number): void {
  const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= channels;
  const wrong = sets.findIndex(({ start, stop }) => !isWhole(start) || !isWhole(stop) || start >= stop);
  if (wrong < 0 && sets.length > 0) return;
  const received =
    wrong < 0 ? "no set" : `${itemAt(sets, wrong).start} to ${itemAt(sets, wrong).stop} in set ${wrong}`;
  throw new PairedStatsError(
    "invalid-argument",
    `sets: expected ranges { start, stop } of whole numbers with 0 ≤ start < stop ≤ ${channels}, got ${received}`,
    { set: wrong, channels },
  );
}

/** Adds row × row over the channels of a tile to the upper half of a Gram matrix, two rows by two at a time. */
function addProducts(tile: Float64Array, rows: number, width: number, gram: Float64Array): void {
  for (let left = 0; left < rows; left += 2)
    for (let right = left; right < rows; right += 2) {
      let [upper, across, below, lower] = [0, 0, 0, 0];
      const [firstLeft, secondLeft] = [left * TILE, (left + 1) * TILE];
      const [firstRight, secondRight] = [right * TILE, (right + 1) * TILE];
      for (let channel = 0; channel < width; channel += 1) {
        const a = valueAt(tile, firstLeft + channel);
        const b = valueAt(tile, secondLeft + channel);
        const c = valueAt(tile, firstRight + channel);
        const d = valueAt(tile, secondRight + channel);
        upper += a * c;
        across += a * d;
        below += b * c;
        lower += b * d;
      }
      addTo(gram, rows, left, right, upper);
      addTo(gram, rows, left, right + 1, across);
      addTo(gram, rows, left + 1, right, below);
      addTo(gram, rows, left + 1, right + 1, lower);
    }
}

function addTo(gram: Float64Array, rows: number, row: number, column: number, value: number): void {
  if (row >= rows || column >= rows) return; // the row of zeros
  const at = row * rows + column;
  gram[at] = valueAt(gram, at) + value;
}
