import type { NodeProto, ValueInfoProto } from "onnx-buf";
import { outerValues } from "./graph-scope.ts";
import type { NodeRun } from "./node-tape.ts";
import type { ModelView } from "./read-model.ts";

/** A graph without what its outputs do not need. */
export interface PrunedGraph {
  readonly view: ModelView;
  /** The runs of added nodes that are needed, each behind the node that it followed. */
  readonly runs: readonly NodeRun[];
  /** Statements about values that were outputs and are now inside the graph. */
  readonly valueInfos: readonly ValueInfoProto[];
}

/**
 * Drop the outputs that are not named, and every node, weight and statement about a value that only they needed. Nodes
 * inside of nodes (bodies of If, Loop and Scan) stay or go with them.
 *
 * Requires: the view and the runs that are to be added to it, with the names of the outputs to keep, added ones too.
 * Ensures: what is kept keeps its bytes and its order. Inputs stay declared, so that runs are fed as before; but one that
 * a weight is the default of (all weights are inputs in models of IR version 3) goes with that weight.
 *
 * @returns `undefined` if there is nothing to drop.
 */
export function pruneGraph(
  view: ModelView,
  runs: readonly NodeRun[],
  outputs: ReadonlySet<string>,
): PrunedGraph | undefined {
  const dropped = view.outputs.filter(({ name }) => !outputs.has(name));
  if (dropped.length === 0) return undefined;
  const { nodes: needed, values } = neededFor(outputs, [
    ...view.nodes,
    ...runs.flatMap(({ nodes }) => nodes),
  ]);

  const keeps = view.nodes.map((node) => needed.has(node));
  const isKept = (_: unknown, index: number): boolean => keeps[index] === true;
  const made = new Set(view.nodes.filter(isKept).flatMap(({ output }) => output));
  const weights = new Set([...view.initializers.keys()].filter((name) => !values.has(name)));
  const gone = new Set([
    ...weights,
    ...view.nodes.filter((node) => !needed.has(node)).flatMap(({ output }) => output),
  ]);
  for (const name of made) gone.delete(name);
  const isInput = ({ name }: { readonly name: string }): boolean => !weights.has(name);
  const isStated = ({ name }: { readonly name: string }): boolean => !gone.has(name);

  const { spans } = view;
  const removed = [
    ...spans.nodes.filter((_, index) => keeps[index] === false).filter((span) => span !== undefined),
    ...spans.inputs.filter((span) => !isInput(span)),
    ...spans.outputs.filter(({ name }) => !outputs.has(name)),
    ...spans.initializers.filter(({ name }) => weights.has(name)),
    ...spans.valueInfos.filter((span) => !isStated(span)),
  ];
  return {
    runs: runs.map(({ after, nodes }) => ({
      after: keeps.slice(0, after + 1).filter(Boolean).length - 1,
      nodes: nodes.filter((node) => needed.has(node)),
    })),
    valueInfos: dropped.filter(({ name }) => made.has(name) && !view.valueInfos.has(name)),
    view: {
      ...view,
      nodes: view.nodes.filter(isKept),
      initializers: new Map([...view.initializers].filter(([name]) => !weights.has(name))),
      inputs: view.inputs.filter(isInput),
      outputs: view.outputs.filter(({ name }) => outputs.has(name)),
      valueInfos: new Map([...view.valueInfos].filter(([name]) => !gone.has(name))),
      ...(view.origins !== undefined && { origins: view.origins.filter(isKept) }),
      spans: {
        ...spans,
        nodes: spans.nodes.filter(isKept),
        inputs: spans.inputs.filter(isInput),
        outputs: spans.outputs.filter(({ name }) => outputs.has(name)),
        initializers: spans.initializers.filter(isInput),
        valueInfos: spans.valueInfos.filter(isStated),
        removed: [...spans.removed, ...removed],
      },
    },
  };
}

/** The nodes that some values are computed from, and all values that are read on the way. */
function neededFor(
  outputs: ReadonlySet<string>,
  nodes: readonly NodeProto[],
): { nodes: ReadonlySet<NodeProto>; values: ReadonlySet<string> } {
  const producers = new Map<string, NodeProto>();
  for (const node of nodes) for (const output of node.output) if (output !== "") producers.set(output, node);
  const needed = new Set<NodeProto>();
  const values = new Set(outputs);
  // A set is walked in the order of insertion, entries that are added on the way too.
  for (const value of values) {
    const node = producers.get(value);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    for (const input of [...node.input, ...outerValues(node)]) values.add(input);
  }
  return { nodes: needed, values };
}
