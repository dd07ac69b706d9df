import { equals } from "@bufbuild/protobuf";
import {
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { nodeValues, outerValues } from "../graph/graph-scope.ts";
import type { ModelView } from "../graph/read-model.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import type { UnitLayout } from "../units/unit-layout.ts";
import type { HookOptions } from "./hook-options.ts";
import type { HookRecord } from "./hook-record.ts";

const INT64: number = TensorProto_DataType.INT64;

/** Whether the model has the output, those that come with it, and every planned node, exactly. */
export function isHooked(
  view: ModelView,
  [output, ...more]: readonly [ValueInfoProto, ...ValueInfoProto[]],
  planned: readonly NodeProto[],
): boolean {
  const outputs = new Map(view.outputs.map((existing) => [existing.name, existing]));
  if (!outputs.has(output.name)) return false;
  const nodes = new Map(view.nodes.map((node) => [node.name, node]));
  const same = planned.every((node) => {
    const found = nodes.get(node.name);
    return found !== undefined && equals(NodeProtoSchema, found, node);
  });
  const isThere = (wanted: ValueInfoProto): boolean => {
    const existing = outputs.get(wanted.name);
    return existing !== undefined && equals(ValueInfoProtoSchema, existing, wanted);
  };
  if (same && [output, ...more].every(isThere)) return true;
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

/** The first name that stands in a list a second time. */
function firstTwice(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

/** Make sure that what the options name has names of its own: the output, and the inputs of segments and factors. */
export function requireDistinctNames(
  planned: readonly NodeProto[],
  output: ValueInfoProto,
  inputs: readonly ValueInfoProto[],
): void {
  const values = [...planned.flatMap((node) => node.output), ...inputs.map(({ name }) => name)];
  const twice = firstTwice(values);
  if (twice === undefined) return;
  throw new HeadHooksError(
    "name-taken",
    `two things that are added would be called "${twice}"; give \`outputName\` ("${output.name}"), the segments inputs and the inputs of \`scale\` names of their own`,
    { value: twice },
  );
}

/**
 * Make sure that an earlier hook left the factors as optional as they are asked for.
 *
 * @throws HeadHooksError `output-name-taken` if it did not: a run would miss the input, or ignore it.
 */
export function requireSameDefault(
  view: ModelView,
  { input, isOptional }: { readonly input: string; readonly isOptional: boolean },
): void {
  if (view.initializers.has(input) === isOptional) return;
  throw new HeadHooksError(
    "output-name-taken",
    `the input "${input}" of an earlier hook is ${isOptional ? "not optional" : "optional"}, unlike what \`scale\` asks for; hook the original model`,
    { input },
  );
}

/** Whether an input of that name is there for another hook: int64 [K, 2], read by captures alone. */
export function isSharedInput(view: ModelView, wanted: ValueInfoProto): boolean {
  const needed = wanted.type?.value;
  if (needed?.case !== "tensorType" || needed.value.elemType !== INT64) return false;
  const type = view.inputs.find(({ name }) => name === wanted.name)?.type?.value;
  if (type?.case !== "tensorType" || type.value.elemType !== INT64) return false;
  const [count, bounds, ...more] = type.value.shape?.dim.map(({ value }) => value) ?? [];
  const areRanges = bounds?.case === "dimValue" && bounds.value === 2n && more.length === 0;
  const readers = view.nodes.filter((node) => [...node.input, ...outerValues(node)].includes(wanted.name));
  const prefixes = view.outputs.flatMap(({ name }) =>
    ["segments", "tokens"].map((stream) => `${name}/${stream}/${wanted.name}/`),
  );
  const areCaptures = readers.every(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  return count !== undefined && areRanges && areCaptures;
}

/** Make sure that nothing in the graph has a name that the added nodes and inputs need. */
export function requireFreeNames(
  view: ModelView,
  planned: readonly NodeProto[],
  inputs: readonly ValueInfoProto[],
  advice = "choose another `outputName` or segments input",
): void {
  const taken = new Set([
    ...view.inputs.map(({ name }) => name),
    ...view.initializers.keys(),
    ...view.nodes.flatMap(nodeValues),
  ]);
  const wanted = [...planned.flatMap(({ output }) => output), ...inputs.map(({ name }) => name)];
  // Runtimes tell nodes apart by name too.
  const nodes = new Set(view.nodes.map(({ name }) => name));
  const clash = wanted.find((name) => taken.has(name)) ?? planned.find(({ name }) => nodes.has(name))?.name;
  if (clash === undefined) return;
  throw new HeadHooksError(
    "name-taken",
    `the graph has a value or node "${clash}" already, a name that the capture needs; ${advice}`,
    { value: clash },
  );
}

/** Make sure that the model's outputs have names of their own, which runtimes and hooks tell them apart by. */
export function requireUniqueOutputs(view: ModelView): void {
  const names = view.outputs.map(({ name }) => name);
  const twice = firstTwice(names);
  if (twice === undefined) return;
  throw new HeadHooksError(
    "malformed-model",
    `the model has two outputs called "${twice}"; give each a name of its own before hooking it`,
    { output: twice },
  );
}
