import { HeadHooksError } from "../head-hooks-error.ts";
import { type CapturedValues, requireUnits } from "./head-mean-squares.ts";
import type { UnitLayout } from "./unit-layout.ts";

/** For each segments input, its K ranges `[start, stop)` as they were given to the run. */
export type SegmentRanges = Readonly<Record<string, readonly (readonly [start: number, stop: number])[]>>;

/**
 * The mean square over all segments: Σ n·ms / Σ n with n the tokens of each segment. If the segments cover every
 * token once, this is what a hook without segments captures.
 *
 * @param meanSquare [B, K, units], as captured with segments.
 * @param ranges the ranges of the run, within the token axis.
 * @returns [B, units].
 * @throws HeadHooksError `shape-mismatch` if the axes do not fit the layout or the ranges, if an input's ranges are
 *   missing, or if they hold no token.
 * @example
 * ```ts
 * const whole = poolSegments({ data, shape: [1, 2, layout.unitCount] }, layout, { segments: [[0, 512], [512, 1536]] });
 * ```
 */
export function poolSegments(
  meanSquare: CapturedValues,
  layout: UnitLayout,
  ranges: SegmentRanges,
): CapturedValues<Float64Array> {
  requireUnits(meanSquare, layout);
  const [batch, segments, ...more] = meanSquare.shape;
  if (batch === undefined || segments === undefined || more.length !== 1) {
    throw mismatch(`expected [batch, segments, units]; received [${meanSquare.shape.join(", ")}]`);
  }
  const data = new Float64Array(batch * layout.unitCount);
  if (layout.reduction === "rms" || layout.reduction === "absMax") {
    throw mismatch(`segments pool into means, which ${layout.reduction} is not; capture the mean square`);
  }
  for (const { node, firstUnit, unitCount, segmentsInput, maskInput } of layout.taps) {
    if (maskInput !== undefined) {
      throw mismatch(
        `the tokens of ${node} were chosen by "${maskInput}", so the ranges do not tell how many counted`,
      );
    }
    const counts = tokenCounts(segmentsInput, ranges, segments, node);
    const total = counts.reduce((sum, count) => sum + count, 0);
    for (let item = 0; item < batch; item++) {
      for (let unit = firstUnit; unit < firstUnit + unitCount; unit++) {
        let sum = 0;
        for (const [segment, count] of counts.entries()) {
          sum += count * (meanSquare.data[(item * segments + segment) * layout.unitCount + unit] ?? 0);
        }
        data[item * layout.unitCount + unit] = sum / total;
      }
    }
  }
  return { data, shape: [batch, layout.unitCount] };
}

function tokenCounts(input: string | null, ranges: SegmentRanges, segments: number, node: string): number[] {
  if (input === null)
    throw mismatch(`the layout of ${node} was captured without segments; there is nothing to pool`);
  const own = ranges[input];
  if (own?.length !== segments) {
    throw mismatch(`expected ${segments} ranges for "${input}"; received ${own?.length ?? "none"}`);
  }
  const counts = own.map(([start, stop]) => Math.max(0, stop - start));
  if (counts.every((count) => count === 0)) throw mismatch(`the ranges of "${input}" hold no token`);
  return counts;
}

function mismatch(message: string): HeadHooksError {
  return new HeadHooksError("shape-mismatch", message);
}
