import { valueAt } from "../../reading.ts";

/** What the gate of an altered channel is fed: silu of it is the channel's mean activation. */
const GATE = 1;

/** The weights of one altered unit, float32 values that bfloat16 holds exactly, [channels, C] each. */
export interface UnitRows {
  readonly gate: Float32Array;
  readonly linear: Float32Array;
}

/**
 * The rows of a gated MLP by which all channels of a unit become silu(1) · (1 + d · (x − x̄)): a constant gate, and a linear
 * half that is 1 at the mean input and moves along `direction`.
 *
 * @param constant - The direction whose product with every input is 1, float64 [C].
 * @param direction - d, float64 [C].
 * @param centre - d · x̄.
 */
export function plantedRows(
  constant: Float64Array,
  { direction, centre, channels }: { direction: Float64Array; centre: number; channels: number },
): UnitRows {
  return {
    gate: repeatRounded(
      constant.map((value) => GATE * value),
      channels,
    ),
    linear: repeatRounded(
      constant.map((value, channel) => value * (1 - centre) + valueAt(direction, channel)),
      channels,
    ),
  };
}

/**
 * A row several times over, rounded to bfloat16 so that the mean of the copies is nearer to it than any copy: each takes
 * over what the ones before it were rounded by.
 */
function repeatRounded(row: Float64Array, copies: number): Float32Array {
  const rows = new Float32Array(copies * row.length);
  for (const [channel, value] of row.entries()) {
    let owed = 0;
    for (let copy = 0; copy < copies; copy += 1) {
      const rounded = roundToBfloat16(value + owed);
      owed += value - rounded;
      rows[copy * row.length + channel] = rounded;
    }
  }
  return rows;
}

/** The nearest number with 8 significant bits. */
function roundToBfloat16(value: number): number {
  if (value === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7);
  return Math.round(value / unit) * unit;
}
