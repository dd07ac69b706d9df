import type { NodeProto } from "onnx-buf";
import { resolveConstant } from "../graph/constant-values.ts";
import { type GraphScope, operatorOf } from "../graph/graph-scope.ts";
import { inputOf, outputOf } from "../graph/node-parts.ts";
import type { Projection } from "./projection.ts";

/** An adapter (LoRA) that stands in the graph next to a projection: y = W x + B (A x), by its nodes' places. */
export interface AdapterBranch {
  /** The node that reads the projection's input: the product with A, or a cast before it. */
  readonly readerIndex: number;
  /** The product with A. */
  readonly productIndex: number;
}

/** An adapter is of about five nodes; the bound is for chains that are none. */
const LONGEST_CHAIN = 12;

/**
 * Find the adapters of a projection: what else reads its input, multiplies by two constant matrices in a row, perhaps by a
 * number, and is added to the projection's product. Whoever changes what goes into the projection must change it for them
 * too, and they are part of it, not projections of their own.
 *
 * @param projections all projections of that graph.
 */
export function findAdapterBranches(
  scope: GraphScope,
  { nodeIndex, readerIndex }: Projection,
  projections: readonly Projection[],
): AdapterBranch[] {
  const reader = scope.nodes[readerIndex];
  const input = reader === undefined ? "" : inputOf(reader, 0); // as it is behind the scaling of an earlier hook
  const others = (scope.consumers.get(input) ?? []).filter((index) => index !== readerIndex);
  if (others.length === 0) return [];
  const products = new Set(projections.map((projection) => projection.nodeIndex));
  const sums = new Set(chainBehind(scope, nodeIndex, (node) => ["/Add", "/Cast"].includes(operatorOf(node))));
  const isLinear = (node: NodeProto, index: number): boolean => products.has(index) || isFactor(scope, node);
  return others.flatMap((index) => {
    const first = scope.nodes[index];
    if (first === undefined || inputOf(first, 0) !== input || !isLinear(first, index)) return [];
    const chain = [index, ...chainBehind(scope, index, isLinear)];
    const [productIndex, ...more] = chain.filter((place) => products.has(place));
    const end = soleReader(scope, chain.at(-1) ?? index);
    const isAdded = end !== undefined && sums.has(end);
    return productIndex !== undefined && more.length === 1 && isAdded
      ? [{ readerIndex: index, productIndex }]
      : [];
  });
}

/** The nodes behind one, each the only reader of that before, as long as they are of a kind. */
function chainBehind(
  scope: GraphScope,
  start: number,
  isOfKind: (node: NodeProto, index: number) => boolean,
): number[] {
  const chain: number[] = [];
  for (let at = soleReader(scope, start); at !== undefined && chain.length < LONGEST_CHAIN;) {
    const node = scope.nodes[at];
    if (node === undefined || !isOfKind(node, at)) break;
    chain.push(at);
    at = soleReader(scope, at);
  }
  return chain;
}

function soleReader(scope: GraphScope, index: number): number | undefined {
  const node = scope.nodes[index];
  const [only, ...more] = node === undefined ? [] : (scope.consumers.get(outputOf(node)) ?? []);
  return more.length === 0 ? only : undefined;
}

/** Whether a node only casts, or multiplies by a constant. */
function isFactor(scope: GraphScope, node: NodeProto): boolean {
  if (["/Cast", "/Identity"].includes(operatorOf(node))) return true;
  return (
    operatorOf(node) === "/Mul" && node.input.some((value) => resolveConstant(scope, value) !== undefined)
  );
}
