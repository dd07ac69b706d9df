import {
  type AxisLengths,
  type AxisSizes,
  fixedSizes,
  numbersOf,
  ofRank,
  UNKNOWN,
} from "./axis-arithmetic.ts";
import { constantIntegers } from "./constant-values.ts";
import { type GraphScope, producerOf, statedAxes } from "./graph-scope.ts";
import { inferAxes } from "./infer-axes.ts";
import { inputOf } from "./node-parts.ts";
import { fixedVector, type ShapeVector, shapeVector } from "./shape-values.ts";
import { fixedSize, namedSize, type Size } from "./sizes.ts";

/** Tensors have few axes, and shapes few entries; the bound keeps a hostile graph from growing them without end. */
const MAXIMUM_RANK = 64;

/** What a graph shows of the values that its nodes make. */
interface GraphShapes {
  readonly sizes: Map<string, AxisSizes>;
  readonly vectors: Map<string, ShapeVector>;
}

/** Each graph is gone through once, from its inputs on. */
const SHAPES = new WeakMap<GraphScope, GraphShapes>();

/**
 * The lengths of a value's axes, by the nodes that it comes from, or as stated. A length that is not shown has a name
 * of its own, so that it is known to be equal to its copies.
 */
export function axisSizes(scope: GraphScope, value: string): AxisSizes {
  for (let at: GraphScope | undefined = scope; at !== undefined; at = at.parent) {
    const made = shapesOf(at).sizes.get(value);
    if (made !== undefined) return made;
    const constant = at.initializers.get(value);
    if (constant !== undefined) return fixedSizes(constant.dims);
    if (at.valueInfos.has(value) && !at.producers.has(value)) return withNames(at, value, UNKNOWN);
  }
  return UNKNOWN;
}

/** The lengths that are numbers. */
export function axisLengths(scope: GraphScope, value: string): AxisLengths {
  return numbersOf(axisSizes(scope, value));
}

/** The length of a value's last axis, where the graph shows it. */
export function channelWidth(scope: GraphScope, value: string): number | undefined {
  return axisLengths(scope, value).lengths.at(-1);
}

/** The integers of a vector, such as the shape that a Reshape asks for; `undefined` if nothing of them is shown. */
export function shapeValues(scope: GraphScope, value: string): ShapeVector | undefined {
  const constant = constantIntegers(scope, value);
  if (constant !== undefined) return fixedVector(constant);
  const found = producerOf(scope, value);
  const made = found === undefined ? undefined : shapesOf(found.scope).vectors.get(value);
  if (made !== undefined) return made;
  const [length] = axisLengths(scope, value).lengths;
  return length === undefined || length > MAXIMUM_RANK
    ? undefined
    : { axes: Array<undefined>(length).fill(undefined), isRankKnown: true };
}

function shapesOf(scope: GraphScope): GraphShapes {
  const known = SHAPES.get(scope);
  if (known !== undefined) return known;
  const shapes: GraphShapes = { sizes: new Map(), vectors: new Map() };
  SHAPES.set(scope, shapes);
  for (const [index, node] of scope.nodes.entries()) {
    const found = { node, index, scope };
    const inputs = {
      sizes: (at: number) => axisSizes(scope, inputOf(node, at)),
      vector: (at: number) => shapeValues(scope, inputOf(node, at)),
    };
    for (const value of node.output) {
      const made = inferAxes(found, value, inputs);
      const vector = shapeVector(found, value, inputs);
      shapes.sizes.set(value, withNames(scope, value, made.sizes.length > MAXIMUM_RANK ? UNKNOWN : made));
      if (vector !== undefined && vector.axes.length <= MAXIMUM_RANK) shapes.vectors.set(value, vector);
    }
  }
  return shapes;
}

/** The axes with those that are not known as the model states them, or under names of their own. */
function withNames(scope: GraphScope, value: string, made: AxisSizes): AxisSizes {
  const stated = statedAxes(scope, value);
  const { sizes, isRankKnown } =
    stated === undefined ? made : (ofRank(made, stated.length) ?? ofRank(UNKNOWN, stated.length) ?? made);
  const isInput = scope.parent === undefined && !scope.producers.has(value);
  const named = sizes.map((size, index): Size => {
    const axis = stated?.[index];
    if (typeof axis === "number") return fixedSize(axis);
    const name = axis ?? `${scope.path}/${value}[${index - sizes.length}]`;
    return size ?? namedSize(name, isInput);
  });
  return { sizes: named, isRankKnown };
}
