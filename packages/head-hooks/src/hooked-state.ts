import { equals } from "@bufbuild/protobuf";
import {
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { HeadHooksError } from "./head-hooks-error.ts";
import type { HookOptions } from "./hook-model.ts";
import type { HookRecord } from "./hook-record.ts";
import type { ModelView } from "./read-model.ts";
import type { UnitLayout } from "./unit-layout.ts";

/** Whether the model has the output and every planned node, exactly. */
export function isHooked(view: ModelView, output: ValueInfoProto, planned: readonly NodeProto[]): boolean {
  const existing = view.outputs.find(({ name }) => name === output.name);
  if (existing === undefined) return false;
  const nodes = new Map(view.nodes.map((node) => [node.name, node]));
  const same = planned.every((node) => {
    const found = nodes.get(node.name);
    return found !== undefined && equals(NodeProtoSchema, found, node);
  });
  if (same && equals(ValueInfoProtoSchema, existing, output)) return true;
  throw new HeadHooksError(
    "output-name-taken",
    `the model has an output "${output.name}" already, which is something else; choose another \`outputName\`, or hook the original model`,
    { outputName: output.name },
  );
}

/**
 * The layout of an earlier hook that dropped outputs, if it was asked for the same.
 *
 * @throws HeadHooksError `output-name-taken` if it was not.
 */
export function requireSame(
  { options, layout }: HookRecord,
  wanted: string,
  { groupSize = layout.groupSize }: HookOptions,
): UnitLayout {
  if (options === wanted && groupSize === layout.groupSize) return layout;
  throw new HeadHooksError(
    "output-name-taken",
    `the model has an output "${layout.outputName}" already, of an earlier hook with other options that dropped what its outputs do not need; hook the original model`,
    { outputName: layout.outputName },
  );
}

/** Make sure that nothing in the graph has a name that the added nodes and inputs need. */
export function requireFreeNames(
  view: ModelView,
  planned: readonly NodeProto[],
  inputs: readonly ValueInfoProto[],
): void {
  const taken = new Set([
    ...view.inputs.map(({ name }) => name),
    ...view.initializers.keys(),
    ...view.nodes.flatMap(nodeValues),
  ]);
  const wanted = [...planned.flatMap(({ output }) => output), ...inputs.map(({ name }) => name)];
  const clash = wanted.find((name) => taken.has(name));
  if (clash === undefined) return;
  throw new HeadHooksError(
    "name-taken",
    `the graph has a value "${clash}" already, a name that the capture needs; choose another \`outputName\` or segments input`,
    { value: clash },
  );
}

/** Make sure that the model's outputs have names of their own, which runtimes and hooks tell them apart by. */
export function requireUniqueOutputs(view: ModelView): void {
  const names = view.outputs.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new HeadHooksError(
    "malformed-model",
    `the model has two outputs called "${twice}"; give each a name of its own before hooking it`,
    { output: twice },
  );
}

/** The names of values that a node makes, those inside its subgraphs too. */
function nodeValues(node: NodeProto): string[] {
  const inner = node.attribute.flatMap(({ g, graphs }): GraphProto[] =>
    g === undefined ? graphs : [g, ...graphs],
  );
  return [
    ...node.output,
    ...inner.flatMap((graph) => [
      ...graph.input.map(({ name }) => name),
      ...graph.initializer.map(({ name }) => name),
      ...graph.node.flatMap(nodeValues),
    ]),
  ];
}
