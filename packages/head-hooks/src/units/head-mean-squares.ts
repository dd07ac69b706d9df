import { HeadHooksError } from "../head-hooks-error.ts";
import { type UnitLayout, unitTable } from "./unit-layout.ts";

/** A captured output, or what was computed from one. */
export interface CapturedValues<Data extends Float32Array | Float64Array = Float32Array | Float64Array> {
  /** The values in row-major order. */
  readonly data: Data;
  /** Axes of `data`; the last one is the units, or the heads. */
  readonly shape: readonly number[];
}

/**
 * The mean square of each real attention head: the mean of its units' mean squares, which is exact because all units
 * have as many channels. Units of no head are left out.
 *
 * @param meanSquare [..., units], as captured.
 * @returns [..., heads], in the order of `headRecords`; the leading axes are kept.
 * @throws HeadHooksError `shape-mismatch` if the last axis is not the layout's units, or if the layout has no heads.
 * @example
 * ```ts
 * const { mean_square } = await session.run(feeds);
 * const heads = headMeanSquares({ data: mean_square.data, shape: mean_square.dims }, layout); // [B, heads]
 * ```
 */
export function headMeanSquares(
  meanSquare: CapturedValues,
  layout: UnitLayout,
): CapturedValues<Float64Array> {
  if (layout.reduction === undefined || layout.reduction === "meanSquare")
    return headReductions(meanSquare, layout);
  throw new HeadHooksError(
    "shape-mismatch",
    `the layout's output holds ${layout.reduction}, not mean squares; use headReductions`,
    { reduction: layout.reduction },
  );
}

/**
 * The layout's reduction of each real attention head, whichever it is: from its units' values follow the mean and the
 * mean square as means, the root mean square as the root of a mean of squares, the largest magnitude as a maximum.
 *
 * @param captured [..., units], as captured.
 * @returns [..., heads], in the order of `headRecords`; the leading axes are kept.
 * @throws HeadHooksError `shape-mismatch` as {@link headMeanSquares}.
 * @example
 * ```ts
 * const { model, layout } = hookModel(bytes, { reduction: "absMax", groupSize: 8 });
 * const heads = headReductions({ data: abs_max.data, shape: abs_max.dims }, layout); // [B, heads]
 * ```
 */
export function headReductions(captured: CapturedValues, layout: UnitLayout): CapturedValues<Float64Array> {
  const rows = requireUnits(captured, layout);
  if (layout.headCount === 0) {
    throw new HeadHooksError("shape-mismatch", "the layout has no heads; give the taps' sections `heads`");
  }
  const { head } = unitTable(layout);
  const { reduction = "meanSquare" } = layout;
  const unitsPerHead = new Float64Array(layout.headCount);
  for (const index of head) if (index >= 0) unitsPerHead[index] = (unitsPerHead[index] ?? 0) + 1;
  const data = new Float64Array(rows * layout.headCount);
  for (let row = 0; row < rows; row++) {
    const heads = data.subarray(row * layout.headCount, (row + 1) * layout.headCount);
    for (const [unit, index] of head.entries()) {
      if (index < 0) continue;
      const value = captured.data[row * layout.unitCount + unit] ?? 0;
      const sofar = heads[index] ?? 0;
      heads[index] =
        reduction === "absMax" ? Math.max(sofar, value) : sofar + (reduction === "rms" ? value ** 2 : value);
    }
    for (const [index, count] of unitsPerHead.entries()) {
      const sum = heads[index] ?? 0;
      if (reduction !== "absMax") heads[index] = reduction === "rms" ? Math.sqrt(sum / count) : sum / count;
    }
  }
  return { data, shape: [...captured.shape.slice(0, -1), layout.headCount] };
}

/** Check a captured output against the layout. @returns the number of rows of units. */
export function requireUnits({ data, shape }: CapturedValues, layout: UnitLayout): number {
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (shape.at(-1) !== layout.unitCount || size !== data.length) {
    throw new HeadHooksError(
      "shape-mismatch",
      `expected [..., ${layout.unitCount} units]; received [${shape.join(", ")}] with ${data.length} values`,
      { expected: layout.unitCount, received: [...shape] },
    );
  }
  return size / layout.unitCount;
}
