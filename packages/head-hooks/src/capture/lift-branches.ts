import { clone, create } from "@bufbuild/protobuf";
import { type GraphProto, type NodeProto, NodeProtoSchema, ValueInfoProtoSchema } from "onnx-buf";
import { branchingNode } from "../attention/branch-twins.ts";
import { describe } from "../attention/match-projections.ts";
import type { Projection } from "../attention/projection.ts";
import { tokenSource } from "../attention/token-source.ts";
import { DATA_TYPES, type ElementType } from "../graph/element-types.ts";
import { type GraphScope, graphScopes } from "../graph/graph-scope.ts";
import type { ModelView } from "../graph/read-model.ts";
import { replaceNodes } from "../graph/replace-nodes.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import type { SelectedTap } from "./selected-tap.ts";

/**
 * Make what is tapped inside both branches of an If a further output of that If, so that it can be measured in the main
 * graph: one of the branches runs, and either has the same projection.
 *
 * Requires: taps of the main graph, or of an If of the main graph with a twin in its other branch.
 * Ensures: other nodes keep their bytes; a model whose Ifs have these outputs is returned as it is.
 *
 * @returns the view, and the taps as they stand in the main graph.
 * @throws HeadHooksError `inside-subgraph` for a tap of another body, or without a twin; `unknown-batch` as
 *   `tokenSource`.
 */
export function liftBranches(
  view: ModelView,
  taps: readonly SelectedTap[],
): { view: ModelView; taps: SelectedTap[] } {
  if (taps.every(({ projection }) => projection.scope === "")) return { view, taps: [...taps] };
  const scopes = new Map(graphScopes(view).map((scope) => [scope.path, scope]));
  const edited = new Map<number, NodeProto>();
  const names = new Set<string>();
  const lifted = taps.map((tap): SelectedTap => {
    const { projection } = tap;
    if (projection.scope === "") return tap;
    const { twin } = projection;
    const index = branchingNode(view, projection);
    const scope = scopes.get(projection.scope);
    const twinScope = twin === null ? undefined : scopes.get(twin.scope);
    const original = edited.get(index) ?? view.nodes[index];
    const isQuantized = projection.quantization !== null || twin?.quantization !== null;
    if (
      twin === null ||
      isQuantized ||
      scope === undefined ||
      twinScope === undefined ||
      original === undefined
    ) {
      throw insideSubgraph(projection);
    }
    const name = `${projection.scope}/${projection.node || projection.weight}/tapped`;
    if (names.has(name)) {
      throw new HeadHooksError(
        "name-taken",
        `two tapped projections in ${projection.scope} are called "${projection.node}"; give each a name of its own`,
        { node: projection.node },
      );
    }
    names.add(name);
    if (!original.output.includes(name)) {
      const node = edited.get(index) ?? clone(NodeProtoSchema, original);
      node.output.push(name);
      addOutput(branchOf(node, "then_branch"), batchFirst(scope, projection), name, projection.elementType);
      addOutput(branchOf(node, "else_branch"), batchFirst(twinScope, twin), name, projection.elementType);
      edited.set(index, node);
    }
    // What is lifted has its batch and token axes, whatever the product itself takes.
    return { ...tap, projection: { ...projection, input: name, op: "MatMul", scope: "", readerIndex: -1 } };
  });
  return { taps: lifted, view: replaceNodes(view, edited) };
}

/** The tensor to measure inside a branch, which has its batch first. */
function batchFirst(scope: GraphScope, projection: Projection): string {
  const { value, isTokensFirst } = tokenSource(scope, projection);
  if (!isTokensFirst) return value;
  throw new HeadHooksError(
    "unknown-batch",
    `the tensor "${value}" before ${describe(projection)} has its tokens before its batch, which is measured in the main graph alone; leave the projection out`,
    { node: projection.node, input: projection.input },
  );
}

function branchOf(node: NodeProto, name: string): GraphProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name)?.g;
}

/** Give a graph one more output: a value under a name of its own, since it may be an output already, or from outside. */
function addOutput(graph: GraphProto | undefined, value: string, name: string, type: ElementType): void {
  if (graph === undefined) return;
  graph.node.push(create(NodeProtoSchema, { opType: "Identity", name, input: [value], output: [name] }));
  const tensorType = { case: "tensorType" as const, value: { elemType: DATA_TYPES[type] } };
  graph.output.push(create(ValueInfoProtoSchema, { name, type: { value: tensorType } }));
}

function insideSubgraph(projection: Projection): HeadHooksError {
  return new HeadHooksError(
    "inside-subgraph",
    `${describe(projection)} is inside ${projection.scope}, which a run may pass any number of times or not at all, so it has no place in an output of the model; only projections that stand in both branches of an If of the main graph do`,
    { node: projection.node, scope: projection.scope },
  );
}
