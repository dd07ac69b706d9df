import type { NodeProto } from "onnx-buf";
import type { AxisSizes } from "./axis-arithmetic.ts";
import { listedIntegers } from "./constant-values.ts";
import { operatorOf, type ScopedNode } from "./graph-scope.ts";
import { inputOf, integerAttribute } from "./node-parts.ts";
import {
  addSizes,
  countOf,
  fixedSize,
  floorDivideSizes,
  multiplySizes,
  type Size,
  subtractSizes,
} from "./sizes.ts";

/** The integers of a vector such as a shape, as far as the graph shows them; a scalar counts as one. */
export interface ShapeVector {
  /** Each integer (−1 and 0 included); `undefined` where the graph does not show it. */
  readonly axes: readonly (Size | undefined)[];
  /** Whether their number is sure; the last ones are known even where it is not. */
  readonly isRankKnown: boolean;
}

/** What is known of the inputs of a node. */
export interface KnownInputs {
  readonly sizes: (index: number) => AxisSizes;
  readonly vector: (index: number) => ShapeVector | undefined;
}

const ARITHMETIC: ReadonlyMap<string, (a: Size | undefined, b: Size | undefined) => Size | undefined> =
  new Map([
    ["/Add", addSizes],
    ["/Sub", subtractSizes],
    ["/Mul", multiplySizes],
    ["/Div", floorDivideSizes],
  ]);

/** One integer that the graph does not show. */
const ONE: ShapeVector = { axes: [undefined], isRankKnown: true };

/** Integers of unknown number. */
const SOME: ShapeVector = { axes: [undefined], isRankKnown: false };

/** A constant vector. */
export function fixedVector(integers: readonly number[]): ShapeVector {
  return { axes: integers.map(fixedSize), isRankKnown: true };
}

/** The integers that a node computes from shapes and constants; `undefined` of any other node. */
export function shapeVector(found: ScopedNode, value: string, inputs: KnownInputs): ShapeVector | undefined {
  const { node } = found;
  const operator = operatorOf(node);
  const input = inputs.vector(0);
  const compute = ARITHMETIC.get(operator);
  if (compute !== undefined) return elementwise(input, inputs.vector(1), compute);
  switch (operator) {
    case "/Shape":
      return cutVector(
        { axes: inputs.sizes(0).sizes, isRankKnown: inputs.sizes(0).isRankKnown },
        integerAttribute(node, "start") ?? 0,
        integerAttribute(node, "end"),
      );
    case "/Identity":
    case "/Cast":
    case "/Squeeze":
      return input;
    case "/Unsqueeze":
    case "/Reshape":
      // Exporters turn one size into a vector of length 1 this way.
      return input ?? ONE;
    case "/Gather":
      return gathered(input, inputs.vector(1));
    case "/Slice":
      return sliced(found, input);
    case "/Split":
      return input === undefined ? undefined : splitVector(found, value, input);
    case "/Concat": {
      const pieces = node.input.map((_, index) => inputs.vector(index) ?? SOME);
      return {
        axes: pieces.flatMap(({ axes }) => axes),
        isRankKnown: pieces.every(({ isRankKnown }) => isRankKnown),
      };
    }
    case "/ReduceProd":
      return input?.isRankKnown === true
        ? { axes: [input.axes.reduce(multiplySizes, fixedSize(1))], isRankKnown: true }
        : ONE;
    case "/Size":
      return inputs.sizes(0).isRankKnown
        ? { axes: [inputs.sizes(0).sizes.reduce(multiplySizes, fixedSize(1))], isRankKnown: true }
        : ONE;
    default:
      return undefined;
  }
}

function elementwise(
  a: ShapeVector | undefined,
  b: ShapeVector | undefined,
  compute: (a: Size | undefined, b: Size | undefined) => Size | undefined,
): ShapeVector | undefined {
  if (a?.isRankKnown !== true || b?.isRankKnown !== true) return undefined;
  const length = Math.max(a.axes.length, b.axes.length);
  const [left, right] = [a, b].map(
    ({ axes }) =>
      (at: number) =>
        axes[axes.length === 1 ? 0 : at],
  );
  return {
    axes: Array.from({ length }, (_, at) => compute(left?.(at), right?.(at))),
    isRankKnown: true,
  };
}

/** The integers from one place up to another, which may be counted from the end. */
function cutVector({ axes, isRankKnown }: ShapeVector, start: number, end: number | undefined): ShapeVector {
  if (isRankKnown) return { axes: axes.slice(start, end), isRankKnown };
  if (end === undefined || end > axes.length) {
    if (start === 0) return { axes, isRankKnown };
    return start < 0 && -start <= axes.length ? { axes: axes.slice(start), isRankKnown: true } : SOME;
  }
  if (start < 0 !== end < 0) return SOME;
  const own = start < 0 && -start <= axes.length ? axes.slice(start, end) : [];
  return {
    axes: own.length > 0 ? own : Array<undefined>(Math.max(end - start, 0)).fill(undefined),
    isRankKnown: true,
  };
}

function gathered(input: ShapeVector | undefined, picked: ShapeVector | undefined): ShapeVector {
  if (picked?.isRankKnown !== true) return SOME;
  const axes = picked.axes.map((place) => {
    const at = countOf(place);
    if (at === undefined || input === undefined) return undefined;
    return at < 0 || input.isRankKnown ? input.axes.at(at) : undefined;
  });
  return { axes, isRankKnown: true };
}

function sliced(found: ScopedNode, input: ShapeVector | undefined): ShapeVector | undefined {
  const { node } = found;
  const [starts, ends, , steps] = ["starts", "ends", "axes", "steps"].map((name, index) =>
    listedIntegers(found, name, index + 1),
  );
  const [start, end] = [starts?.[0], ends?.[0]];
  const isEveryOne = inputOf(node, 4) === "" || steps?.[0] === 1;
  if (start === undefined || end === undefined || !isEveryOne) return undefined;
  return cutVector(input ?? { axes: [], isRankKnown: false }, start, end);
}

function splitVector(found: ScopedNode, value: string, { axes, isRankKnown }: ShapeVector): ShapeVector {
  const { node } = found;
  const given = listedIntegers(found, "split", 1);
  if (!isRankKnown) return SOME;
  const lengths = given ?? evenShares(node, axes.length);
  const index = node.output.indexOf(value);
  const start = lengths.slice(0, index).reduce((sum, length) => sum + length, 0);
  return { axes: axes.slice(start, start + (lengths[index] ?? 0)), isRankKnown };
}

function evenShares(node: NodeProto, length: number): number[] {
  const share = Math.ceil(length / node.output.length);
  return node.output.map((_, index) => Math.max(Math.min(share, length - share * index), 0));
}
