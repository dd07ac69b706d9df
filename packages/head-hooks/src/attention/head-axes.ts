import type { AxisLengths } from "../graph/axis-arithmetic.ts";
import type { AxisCut } from "../graph/cut-ranges.ts";

/** A run of indices along an axis behind attention, and what they count. */
export interface AxisRun {
  /**
   * `heads`: attentions side by side (heads, batch items, windows); `tokens`: the tokens that ask; `channels`: those of
   * one head; `parts`: channels of several heads that a cut left, not all of them whole; `mixed`: what the graph does
   * not show.
   */
  readonly counts: "heads" | "tokens" | "channels" | "parts" | "mixed";
  /** How many; `undefined` where the graph does not show it. */
  readonly length: number | undefined;
}

/** The axes of a value behind attention: of each the runs that were merged into it, outermost first. */
export interface HeadAxes {
  /** The last axes in their order; all axes where their number is known. */
  readonly axes: readonly (readonly AxisRun[])[];
  readonly isRankKnown: boolean;
}

const MIXED: AxisRun = { counts: "mixed", length: undefined };

/** The number of indices of merged runs; `undefined` where one is unknown. */
export function runLength(runs: readonly AxisRun[] | undefined): number | undefined {
  return runs?.reduce<number | undefined>(
    (product, { length }) => (product === undefined || length === undefined ? undefined : product * length),
    1,
  );
}

/** The lengths of the axes. */
export function lengthsOf({ axes, isRankKnown }: HeadAxes): AxisLengths {
  return { lengths: axes.map(runLength), isRankKnown };
}

/** The axes in another order, as a Transpose puts them; axes before those that are known count heads. */
export function permuteAxes(input: HeadAxes, order: readonly number[] | undefined): HeadAxes | undefined {
  if (order === undefined)
    return input.isRankKnown ? { ...input, axes: [...input.axes].reverse() } : undefined;
  const missing = order.length - input.axes.length;
  if (missing < 0 || (missing > 0 && input.isRankKnown)) return undefined;
  const before = Array.from({ length: missing }, (): AxisRun[] => [{ counts: "heads", length: undefined }]);
  const all = [...before, ...input.axes];
  return { axes: order.map((axis) => all[axis] ?? [MIXED]), isRankKnown: true };
}

/** The axes of what a Slice or Split leaves: a cut through merged heads keeps them where it takes whole ones. */
export function cutAxes(input: HeadAxes, cuts: readonly AxisCut[] | undefined): HeadAxes {
  const rank = input.axes.length;
  const isSure = cuts?.every(({ axis }) => axis !== undefined) ?? false;
  if (cuts === undefined || !isSure) return { ...input, axes: input.axes.map(() => [MIXED]) };
  const axes = input.axes.map((runs, index) => {
    const cut = cuts.find(({ axis }) => axis === index - rank);
    return cut === undefined ? runs : cutRuns(runs, cut);
  });
  return { ...input, axes };
}

function cutRuns(runs: readonly AxisRun[], { start, length }: AxisCut): readonly AxisRun[] {
  const [first, last] = runs;
  if (runs.length === 0 || (length !== undefined && length === runLength(runs))) return runs;
  if (first !== undefined && runs.length === 1) return [{ ...first, length }];
  const size = last?.length;
  const takesWholeHeads =
    runs.length === 2 && first?.counts === "heads" && last?.counts === "channels" && size !== undefined;
  if (!takesWholeHeads || start === undefined || length === undefined) return [MIXED];
  return start % size === 0 && length % size === 0
    ? [{ counts: "heads", length: length / size }, last]
    : [{ counts: "parts", length }];
}

/**
 * The axes behind a Reshape.
 *
 * Runs are handed out from the last axis on, and from the first, as far as lengths say which axis takes which; what
 * is left goes to the one axis that is left, and is mixed where there are more.
 *
 * @param copied how many of the first axes are copied as they are.
 */
export function reshapeAxes(input: HeadAxes, output: AxisLengths, copied = 0): HeadAxes {
  const kept = input.isRankKnown && output.isRankKnown ? input.axes.slice(0, copied) : [];
  const rest = input.axes.slice(kept.length).flat();
  // Axes that are not known by number stand before the others, and may be merged with them.
  const runs: AxisRun[] = input.isRankKnown ? rest : [{ counts: "heads", length: undefined }, ...rest];
  const wanted = output.lengths.slice(kept.length);
  const last: (readonly AxisRun[])[] = [];
  while (wanted.length > (output.isRankKnown ? 1 : 0)) {
    const taken = takeLast(runs, wanted.at(-1));
    if (taken === undefined) break;
    last.unshift(taken);
    wanted.pop();
  }
  const first: (readonly AxisRun[])[] = [];
  while (input.isRankKnown && output.isRankKnown && wanted.length > 1) {
    const taken = takeFirst(runs, wanted[0]);
    if (taken === undefined) break;
    first.push(taken);
    wanted.shift();
  }
  const middle =
    wanted.length === 1 && output.isRankKnown ? [settle(runs, wanted[0])] : splitBatch(runs, wanted);
  return { axes: [...kept, ...first, ...middle, ...last], isRankKnown: output.isRankKnown };
}

/** All runs that are left for the one axis that is left; an unknown number of heads among them follows. */
function settle(runs: readonly AxisRun[], length: number | undefined): readonly AxisRun[] {
  const unknown = runs.filter((run) => run.length === undefined);
  const [only] = unknown;
  if (only === undefined || unknown.length > 1 || length === undefined) return runs;
  const others = runLength(runs.filter((run) => run !== only)) ?? NaN;
  return Number.isInteger(length / others)
    ? runs.map((run) => (run === only ? { ...run, length: length / others } : run))
    : [MIXED];
}

/** [batch · heads, tokens] of a product with three axes go back to [batch, heads, tokens]. */
function splitBatch(
  runs: readonly AxisRun[],
  wanted: readonly (number | undefined)[],
): (readonly AxisRun[])[] {
  const [batch, tokens] = runs;
  const isPair = runs.length === 2 && batch?.counts === "heads" && tokens?.counts === "tokens";
  if (!isPair || wanted.length !== 3 || batch.length !== undefined) return wanted.map(() => [MIXED]);
  return [[batch], [{ counts: "heads", length: wanted[1] }], [tokens]];
}

/** Take the innermost runs that make an axis of this length; `undefined`, and nothing taken, if that is not certain. */
function takeLast(runs: AxisRun[], length: number | undefined): readonly AxisRun[] | undefined {
  if (length === undefined) return undefined;
  const left = [...runs];
  const taken: AxisRun[] = [];
  let rest = length;
  while (rest > 1) {
    const run = left.pop();
    if (run === undefined) return undefined;
    // Heads give as many as the axis takes; how many tokens or channels of unknown number it takes cannot be told.
    const isShared = run.length === undefined && run.counts === "heads";
    if (run.length === undefined && !isShared) return undefined;
    const own = run.length ?? rest;
    if (rest % own === 0) {
      taken.unshift({ ...run, length: own });
      if (isShared) left.push(run);
      rest /= own;
    } else if (own % rest === 0 && run.counts !== "channels" && run.counts !== "parts") {
      taken.unshift({ ...run, length: rest });
      left.push({ ...run, length: own / rest });
      rest = 1;
    } else return undefined;
  }
  runs.splice(0, runs.length, ...left);
  return taken;
}

/** Take the outermost runs that make an axis of this length, as {@link takeLast}. */
function takeFirst(runs: AxisRun[], length: number | undefined): readonly AxisRun[] | undefined {
  let rest = length ?? NaN;
  let count = 0;
  while (rest > 1) {
    const own = runs[count]?.length ?? NaN;
    if (!Number.isInteger(rest / own)) return undefined;
    rest /= own;
    count += 1;
  }
  return rest === 1 ? runs.splice(0, count) : undefined;
}

/** The axes behind an Unsqueeze or Squeeze; `undefined` where they cannot be told. */
export function squeezeAxes(
  { axes, isRankKnown }: HeadAxes,
  listed: readonly number[] | undefined,
  op: "Squeeze" | "Unsqueeze",
): HeadAxes | undefined {
  if (!isRankKnown || listed === undefined) return undefined;
  const rank = op === "Unsqueeze" ? axes.length + listed.length : axes.length;
  const places = new Set(listed.map((axis) => (axis < 0 ? axis + rank : axis)));
  if (op === "Squeeze") return { axes: axes.filter((_, index) => !places.has(index)), isRankKnown };
  const rest = [...axes];
  return {
    axes: Array.from({ length: rank }, (_, index) => (places.has(index) ? [] : (rest.shift() ?? [MIXED]))),
    isRankKnown,
  };
}

/** The two axes of a Flatten. */
export function flattenAxes({ axes, isRankKnown }: HeadAxes, axis: number): HeadAxes | undefined {
  if (!isRankKnown) return undefined;
  return { axes: [axes.slice(0, axis).flat(), axes.slice(axis).flat()], isRankKnown };
}
