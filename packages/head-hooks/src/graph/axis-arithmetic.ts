import { addSizes, countOf, fixedSize, isSameSize, type Size } from "./sizes.ts";

/** The lengths of a value's axes, as far as the graph shows them. */
export interface AxisLengths {
  /** The last axes in their order; all axes where their number is known. */
  readonly lengths: readonly (number | undefined)[];
  readonly isRankKnown: boolean;
}

/** The same with lengths that a run gives. */
export interface AxisSizes {
  readonly sizes: readonly (Size | undefined)[];
  readonly isRankKnown: boolean;
}

/** Axes of which nothing is known. */
export const UNKNOWN: AxisSizes = { sizes: [], isRankKnown: false };

/** Axes of these lengths. */
export function fixedSizes(lengths: readonly number[]): AxisSizes {
  return { sizes: lengths.map(fixedSize), isRankKnown: true };
}

/** The lengths that are numbers. */
export function numbersOf({ sizes, isRankKnown }: AxisSizes): AxisLengths {
  return { lengths: sizes.map(lengthOf), isRankKnown };
}

/** A number that counts something: of a malformed model a length can come out negative, or as no number. */
function lengthOf(size: Size | undefined): number | undefined {
  const count = countOf(size);
  return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

/** An axis counted from the last one; `undefined` where it is counted from the first and their number is unknown. */
export function axisFromEnd(axis: number, { lengths, isRankKnown }: AxisLengths): number | undefined {
  if (axis < 0) return axis;
  return isRankKnown ? axis - lengths.length : undefined;
}

/** The same axes where their number is told from elsewhere; `undefined` if it contradicts. */
export function ofRank({ sizes, isRankKnown }: AxisSizes, rank: number): AxisSizes | undefined {
  if (isRankKnown ? sizes.length !== rank : sizes.length > rank) return undefined;
  const missing = Array<undefined>(rank - sizes.length).fill(undefined);
  return { sizes: [...missing, ...sizes], isRankKnown: true };
}

/** The axes of what two values make element by element. */
export function broadcast(a: AxisSizes, b: AxisSizes): AxisSizes {
  const rank = Math.max(a.sizes.length, b.sizes.length);
  const isRankKnown = a.isRankKnown && b.isRankKnown;
  const sizes = Array.from({ length: rank }, (_, index): Size | undefined => {
    const [own, other] = [a, b].map((side) => {
      const at = side.sizes.length - rank + index;
      return at < 0 && side.isRankKnown ? fixedSize(1) : side.sizes[at];
    });
    return broadcastSize(own, other);
  });
  return { sizes, isRankKnown };
}

/** An axis of length 1 takes the other's length; any other number stands. */
export function broadcastSize(a: Size | undefined, b: Size | undefined): Size | undefined {
  const [own, other] = [countOf(a), countOf(b)];
  if (own !== undefined && own !== 1) return a;
  if (other !== undefined && other !== 1) return b;
  if (own === 1) return b;
  if (other === 1) return a;
  return a !== undefined && b !== undefined && isSameSize(a, b) ? a : undefined;
}

/** The axes in another order, as a Transpose puts them; reversed where none is given. */
export function permuted(input: AxisSizes, order: number[] | undefined): AxisSizes {
  if (order === undefined)
    return input.isRankKnown ? { ...input, sizes: [...input.sizes].reverse() } : UNKNOWN;
  const sizes = ofRank(input, order.length)?.sizes;
  return { sizes: order.map((axis) => sizes?.[axis]), isRankKnown: true };
}

/** The axes of values that stand one after the other along one of them. */
export function joined(inputs: readonly AxisSizes[], axis: number): AxisSizes {
  const rank = inputs.find(({ isRankKnown }) => isRankKnown)?.sizes.length;
  const length = rank ?? Math.min(...inputs.map(({ sizes }) => sizes.length));
  const padded = inputs.map(
    (input) =>
      (rank === undefined ? input.sizes.slice(input.sizes.length - length) : ofRank(input, rank)?.sizes) ??
      [],
  );
  const along = axisFromEnd(axis, {
    lengths: Array<undefined>(length).fill(undefined),
    isRankKnown: rank !== undefined,
  });
  const sizes = Array.from({ length }, (_, index): Size | undefined => {
    const own = padded.map((entries) => entries[index]);
    if (along === undefined) return undefined;
    if (index - length === along) return own.reduce(addSizes, fixedSize(0));
    return own.find((entry) => countOf(entry) !== undefined) ?? own.find((entry) => entry !== undefined);
  });
  return { sizes, isRankKnown: rank !== undefined };
}

/** The axes with axes of length 1 put in at these places. */
export function unsqueezed(input: AxisSizes, axes: number[] | undefined): AxisSizes {
  if (axes === undefined || !input.isRankKnown) return UNKNOWN;
  const rank = input.sizes.length + axes.length;
  const places = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const rest = [...input.sizes];
  return {
    sizes: Array.from({ length: rank }, (_, index) => (places.has(index) ? fixedSize(1) : rest.shift())),
    isRankKnown: true,
  };
}

/** The axes without those at these places. */
export function squeezed(input: AxisSizes, axes: number[] | undefined): AxisSizes {
  if (axes === undefined || !input.isRankKnown) return UNKNOWN;
  const rank = input.sizes.length;
  const places = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  return { sizes: input.sizes.filter((_, index) => !places.has(index)), isRankKnown: true };
}

/** The same axes but for the length of the last. */
export function withLast({ sizes, isRankKnown }: AxisSizes, last: Size | undefined): AxisSizes {
  return { sizes: [...sizes.slice(0, -1), last], isRankKnown };
}
