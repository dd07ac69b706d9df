import { create, equals } from "@bufbuild/protobuf";
import {
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { externalLocations } from "./external-data.ts";
import { HeadHooksError } from "./head-hooks-error.ts";
import { meanSquareNodes } from "./mean-square-nodes.ts";
import { findProjections } from "./projections.ts";
import { type ModelView, readModel } from "./read-model.ts";
import { type SelectedTap, selectTaps, type TapSpec } from "./select-taps.ts";
import { joinBytes, type ModelAdditions, spliceModel } from "./splice-model.ts";
import type { UnitLayout } from "./unit-layout.ts";

/** What to capture. */
export interface HookOptions {
  /** The projections whose inputs are captured; units stand in this order. */
  readonly taps: readonly TapSpec[];
  /** Channels per unit. */
  readonly groupSize: number;
  /** Name of the graph output that is added. Default `mean_square`. */
  readonly outputName?: string;
  /**
   * Capture each segment of the tokens on its own, with ranges given at run time. `true` stands for
   * `{ input: "segments" }`; with a `count` the runtime checks the number of ranges.
   */
  readonly segments?: boolean | SegmentOptions;
  /**
   * For tapped tensors without a batch axis of their own ([B·S, C], as Gemm takes them, or of more axes): a value,
   * such as a graph input, whose first axis is the batch. Rows of one batch item must be adjacent.
   */
  readonly batchInput?: string;
}

/** Settings of the segments. */
export interface SegmentOptions {
  /** The graph input with the ranges, for taps that do not name their own. Default `segments`. */
  readonly input?: string;
  /** The number of segments, K. Default: any, the same for all taps of a run. */
  readonly count?: number;
}

/** What {@link hookModel} returns. */
export interface HookedModel {
  /** The hooked model; the input itself if it was hooked like this already. */
  readonly model: Uint8Array;
  readonly modified: boolean;
  readonly layout: UnitLayout;
}

const INT64: number = TensorProto_DataType.INT64;

/** The oldest operator sets whose operators the capture uses. */
const OLDEST_OPSET = { whole: 9, segments: 11 } as const;

/**
 * Add an output to an ONNX model that holds the mean square of each unit: of each group of `groupSize` channels of
 * the inputs of the projections that `taps` names.
 *
 * The output is float32, [B, units], the mean of x² over the tokens and over the unit's channels; with segments
 * [B, K, units], the mean over the tokens in each range, and 0 where a range holds none. Each segments input is int64
 * [K, 2], rows `[start, stop)` along the token axis; what lies outside the token axis is left out.
 *
 * Requires: tapped tensors [B, S, C] of float32, float16, bfloat16 or float64, or a `batchInput`.
 * Ensures: the model's own nodes, weights and outputs keep their bytes; a model that was hooked with the same options
 * is returned as it is. External weights are neither read nor rewritten.
 *
 * @throws HeadHooksError for a malformed model, a pattern that matches nothing, units that do not fit, a name that
 *   is taken; see its `code`.
 * @example
 * ```ts
 * const { model, layout } = hookModel(bytes, {
 *   taps: [{ at: "blocks.*.attn.to_out", path: "{1}.to_out", heads: { path: "{1}", size: 128 } }],
 *   groupSize: 16,
 * });
 * ```
 */
export function hookModel(model: Uint8Array, options: HookOptions): HookedModel {
  const { view, additions, layout } = planHooks(model, options);
  if (additions === undefined) return { model, modified: false, layout };
  return { model: joinBytes(spliceModel(view, additions)), modified: true, layout };
}

/** What to add to a model for these options; nothing if all of it is there already. */
export function planHooks(
  model: Uint8Array,
  options: HookOptions,
): { view: ModelView; additions: ModelAdditions | undefined; layout: UnitLayout } {
  const { outputName = "mean_square", groupSize, batchInput } = options;
  const segments = segmentOptions(options.segments);
  if (outputName === "")
    throw new HeadHooksError("invalid-options", "`outputName` is empty; name the output");
  const view = readModel(model);
  externalLocations(view);
  const opset = requireOpset(view, segments === undefined ? "whole" : "segments");
  const selection = { groupSize, outputName, segmentsInput: segments?.input ?? null };
  const { taps, layout } = selectTaps(findProjections(view), options.taps, selection);
  requireBatch(view, taps, batchInput);

  const producers = new Map<string, number>();
  for (const [index, node] of view.nodes.entries())
    for (const output of node.output) producers.set(output, index);
  const runs = meanSquareNodes(taps, {
    groupSize,
    outputName,
    opset,
    batchInput,
    producerIndex: (value) => producers.get(value) ?? -1,
    nodeCount: view.nodes.length,
  });
  const inputs = [...new Set(taps.flatMap(({ segmentsInput }) => segmentsInput ?? []))].map((name) =>
    tensorInfo(name, TensorProto_DataType.INT64, [segments?.count ?? `${name}_count`, 2]),
  );
  const axes = [
    `${outputName}_batch`,
    ...(segments === undefined ? [] : [segments.count ?? `${outputName}_segments`]),
  ];
  const output = tensorInfo(outputName, TensorProto_DataType.FLOAT, [...axes, layout.unitCount]);
  const planned = runs.flatMap(({ nodes }) => nodes);

  const newInputs = inputs.filter((input) => !hasInput(view, input));
  if (isHooked(view, output, planned)) return { view, additions: undefined, layout };
  requireFreeNames(view, planned, newInputs);
  return { view, additions: { nodes: runs, inputs: newInputs, outputs: [output] }, layout };
}

function segmentOptions(
  segments: HookOptions["segments"],
): { input: string; count: number | undefined } | undefined {
  if (segments === undefined || segments === false) return undefined;
  const { input = "segments", count } = segments === true ? {} : segments;
  if (input === "" || (count !== undefined && !(Number.isSafeInteger(count) && count > 0))) {
    throw new HeadHooksError(
      "invalid-options",
      `\`segments\` must have a named input and a positive count; received input "${input}", count ${count ?? "none"}`,
    );
  }
  return { input, count };
}

function requireOpset(view: ModelView, capture: keyof typeof OLDEST_OPSET): number {
  const opset = view.opsets.get("");
  const oldest = OLDEST_OPSET[capture];
  if (opset !== undefined && opset >= oldest) return opset;
  throw new HeadHooksError(
    "unsupported-opset",
    opset === undefined
      ? "the model imports no ai.onnx operator set, which the added nodes need; add the import"
      : `the model imports ai.onnx ${opset}; capturing ${capture === "whole" ? "" : "segments "}needs ${oldest} or newer: convert the model`,
    { expected: oldest, received: opset ?? 0 },
  );
}

function requireBatch(view: ModelView, taps: readonly SelectedTap[], batchInput: string | undefined): void {
  if (batchInput !== undefined) {
    const known =
      view.inputs.some(({ name }) => name === batchInput) ||
      view.nodes.some(({ output }) => output.includes(batchInput));
    if (known) return;
    const names = view.inputs.map(({ name }) => name);
    throw new HeadHooksError(
      "invalid-options",
      `\`batchInput\` "${batchInput}" is no value of the graph; its inputs are ${names.join(", ")}`,
      { inputs: names },
    );
  }
  for (const { projection } of taps) {
    const rank = projection.op === "Gemm" ? 2 : valueRank(view, projection.input);
    if (rank === undefined || rank === 3) continue;
    throw new HeadHooksError(
      "batch-unknown",
      `the input "${projection.input}" of ${projection.op} ${projection.node || projection.weight} has ${rank} axes, so its batch axis cannot be told; expected [batch, tokens, channels]. Give \`batchInput\`, a value whose first axis is the batch`,
      { node: projection.node, input: projection.input, rank },
    );
  }
}

/** The number of a value's axes, where the model states its shape. */
function valueRank(view: ModelView, value: string): number | undefined {
  const info = view.valueInfos.get(value) ?? view.inputs.find(({ name }) => name === value);
  return info?.type?.value.case === "tensorType" ? info.type.value.value.shape?.dim.length : undefined;
}

/** Whether an input of that name takes what the added nodes need: int64 with two axes. */
function hasInput(view: ModelView, wanted: ValueInfoProto): boolean {
  const type = view.inputs.find(({ name }) => name === wanted.name)?.type?.value;
  return type?.case === "tensorType" && type.value.elemType === INT64 && type.value.shape?.dim.length === 2;
}

/** Whether the model has the output and every planned node, exactly. */
function isHooked(view: ModelView, output: ValueInfoProto, planned: readonly NodeProto[]): boolean {
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

function requireFreeNames(
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

function tensorInfo(name: string, elemType: number, axes: readonly (string | number)[]): ValueInfoProto {
  const dim = axes.map((axis) => ({
    value:
      typeof axis === "number"
        ? { case: "dimValue" as const, value: BigInt(axis) }
        : { case: "dimParam" as const, value: axis },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } },
  });
}
