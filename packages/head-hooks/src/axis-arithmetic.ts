import { axisFromEnd } from "./cut-ranges.ts";

/** The length of an axis, where the graph shows it. */
export type Length = number | undefined;

/** The lengths of a value's axes, as far as the graph shows them. */
export interface AxisLengths {
  /** The last axes in their order; all axes where their number is known. */
  readonly lengths: readonly Length[];
  readonly isRankKnown: boolean;
}

/** Axes of which nothing is known. */
export const UNKNOWN: AxisLengths = { lengths: [], isRankKnown: false };

/** The same axes where their number is told from elsewhere; `undefined` if it contradicts. */
export function ofRank({ lengths, isRankKnown }: AxisLengths, rank: number): AxisLengths | undefined {
  if (isRankKnown ? lengths.length !== rank : lengths.length > rank) return undefined;
  const missing = Array<undefined>(rank - lengths.length).fill(undefined);
  return { lengths: [...missing, ...lengths], isRankKnown: true };
}

/** The axes of what two values make element by element. */
export function broadcast(a: AxisLengths, b: AxisLengths): AxisLengths {
  const rank = Math.max(a.lengths.length, b.lengths.length);
  const isRankKnown = a.isRankKnown && b.isRankKnown;
  const lengths = Array.from({ length: rank }, (_, index): Length => {
    const [own, other] = [a, b].map((side) => {
      const at = side.lengths.length - rank + index;
      return at < 0 ? (side.isRankKnown ? 1 : undefined) : side.lengths[at];
    });
    // An axis of length 1 takes the other's length; any other length stands.
    if (own !== undefined && own !== 1) return own;
    return other !== undefined && other !== 1 ? other : own === 1 ? other : undefined;
  });
  return { lengths, isRankKnown };
}

/** The axes in another order, as a Transpose puts them; reversed where none is given. */
export function permuted(input: AxisLengths, order: number[] | undefined): AxisLengths {
  if (order === undefined)
    return input.isRankKnown ? { ...input, lengths: [...input.lengths].reverse() } : UNKNOWN;
  const lengths = ofRank(input, order.length)?.lengths;
  return { lengths: order.map((axis) => lengths?.[axis]), isRankKnown: true };
}

/** The axes of values that stand one after the other along one of them. */
export function joined(inputs: readonly AxisLengths[], axis: number): AxisLengths {
  const rank = inputs.find(({ isRankKnown }) => isRankKnown)?.lengths.length;
  const length = rank ?? Math.min(...inputs.map(({ lengths }) => lengths.length));
  const padded = inputs.map(
    (input) =>
      (rank === undefined
        ? input.lengths.slice(input.lengths.length - length)
        : ofRank(input, rank)?.lengths) ?? [],
  );
  const along = axisFromEnd(axis, {
    lengths: Array<undefined>(length).fill(undefined),
    isRankKnown: rank !== undefined,
  });
  const lengths = Array.from({ length }, (_, index): Length => {
    const own = padded.map((lengths) => lengths[index]);
    if (along === undefined) return undefined;
    if (index - length !== along) return own.find((entry) => entry !== undefined);
    return own.reduce(
      (sum, entry) => (sum === undefined || entry === undefined ? undefined : sum + entry),
      0,
    );
  });
  return { lengths, isRankKnown: rank !== undefined };
}

/** The axes with axes of length 1 put in at these places. */
export function unsqueezed(input: AxisLengths, axes: number[] | undefined): AxisLengths {
  if (axes === undefined || !input.isRankKnown) return UNKNOWN;
  const rank = input.lengths.length + axes.length;
  const places = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const rest = [...input.lengths];
  return {
    lengths: Array.from({ length: rank }, (_, index) => (places.has(index) ? 1 : rest.shift())),
    isRankKnown: true,
  };
}

/** The axes without those at these places. */
export function squeezed(input: AxisLengths, axes: number[] | undefined): AxisLengths {
  if (axes === undefined || !input.isRankKnown) return UNKNOWN;
  const rank = input.lengths.length;
  const places = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  return { lengths: input.lengths.filter((_, index) => !places.has(index)), isRankKnown: true };
}

/** The same axes but for the length of the last. */
export function withLast({ lengths, isRankKnown }: AxisLengths, last: Length): AxisLengths {
  return { lengths: [...lengths.slice(0, -1), last], isRankKnown };
}
