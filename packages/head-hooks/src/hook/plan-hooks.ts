import { TensorProto_DataType, type ValueInfoProto } from "onnx-buf";
import { findAdapterBranches } from "../attention/adapter-branches.ts";
import { attentionTapsOf } from "../attention/attention-taps.ts";
import { findProjections, projectionsIn } from "../attention/projections.ts";
import { captureNodes } from "../capture/capture-nodes.ts";
import { liftBranches } from "../capture/lift-branches.ts";
import { placeTaps } from "../capture/place-taps.ts";
import { defaultScaling, scaleNodes } from "../capture/scale-nodes.ts";
import { type SelectionOptions, selectTaps } from "../capture/select-taps.ts";
import type { SelectedTap } from "../capture/selected-tap.ts";
import { externalLocations } from "../graph/external-data.ts";
import { graphScopes, holderIndex } from "../graph/graph-scope.ts";
import { inlineFunctions } from "../graph/inline-functions.ts";
import { pruneGraph } from "../graph/prune-graph.ts";
import { type ModelView, readModel } from "../graph/read-model.ts";
import { replaceNodes } from "../graph/replace-nodes.ts";
import type { ModelAdditions } from "../graph/splice-model.ts";
import { tensorInfo } from "../graph/tensor-info.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import type { UnitLayout } from "../units/unit-layout.ts";
import type { HookOptions } from "./hook-options.ts";
import { describeOptions, readRecord, recordEntry } from "./hook-record.ts";
import { type HookSettings, readSettings } from "./hook-settings.ts";
import {
  isHooked,
  isSharedInput,
  requireDistinctNames,
  requireFreeNames,
  requireSame,
  requireSameDefault,
  requireUniqueOutputs,
} from "./hooked-state.ts";
import { requireOpset, requireOutputs } from "./require-model.ts";

/** The first IR version in which an initializer can be an input's default. */
const IR_WITH_DEFAULTS = 4;

/** What to change in a model. */
export interface HookPlan {
  /** The model without what is taken out. */
  readonly view: ModelView;
  /** What to add; `undefined` if the model is to stay as it is. */
  readonly additions: ModelAdditions | undefined;
  readonly layout: UnitLayout;
}

/** What to change in a model for these options. */
export function planHooks(model: Uint8Array, options: HookOptions): HookPlan {
  const settings = readSettings(options);
  const original = readModel(model);
  externalLocations(original);
  requireUniqueOutputs(original);
  requireOutputs(original, settings.keptOutputs ?? []);
  const description = describeOptions(options, settings);
  const earlier = readRecord(original, settings.outputName);
  const plan =
    earlier === undefined
      ? planCaptures(original, options, settings)
      : { view: original, additions: undefined, layout: requireSame(earlier, description, options) };
  return settings.keptOutputs === undefined ? plan : dropOutputs(plan, settings.keptOutputs, description);
}

/** Take out of the model what only those outputs need that are not kept. */
function dropOutputs(plan: HookPlan, kept: readonly string[], description: string): HookPlan {
  const { view, additions, layout } = plan;
  const captured = [layout.outputName, layout.channelMeansOutput].filter((name) => name !== undefined);
  const pruned = pruneGraph(view, additions?.nodes ?? [], new Set([...kept, ...captured]));
  if (pruned === undefined) return plan;
  return {
    layout,
    view: pruned.view,
    additions: {
      inputs: [],
      outputs: [],
      ...additions,
      nodes: pruned.runs,
      valueInfos: pruned.valueInfos,
      metadata: new Map([recordEntry({ options: description, layout })]),
    },
  };
}

/** What to add to a model; nothing if all of it is there already. */
function planCaptures(original: ModelView, options: HookOptions, settings: HookSettings): HookPlan {
  const opset = requireOpset(original);
  const selected = select(original, options, settings);
  const { layout } = selected;
  const { view, taps } = liftBranches(selected.view, selected.taps);
  const { outputName, reduction, isPerToken, channelMeans, scale } = settings;
  const { taps: placed, batchInput } = placeTaps(view, taps, settings);

  const [main] = graphScopes(view);
  const projections = projectionsIn(main);
  const producers = new Map<string, number>();
  for (const [index, node] of view.nodes.entries())
    for (const output of node.output) producers.set(output, index);
  const producerIndex = (value: string): number => producers.get(value) ?? -1;
  const common = { groupSize: layout.groupSize, outputName, opset, producerIndex };
  const captures = captureNodes(placed, {
    ...common,
    reduction,
    isPerToken,
    channelMeans,
    batchInput,
    rangeType: settings.segments?.rangeType ?? "int64",
    nodeCount: view.nodes.length,
  });
  const scaling =
    scale === undefined
      ? undefined
      : scaleNodes(taps, {
          ...common,
          scaleInput: scale.input,
          offsetInput: scale.offset,
          unitCount: layout.unitCount,
          nodes: view.nodes,
          adapterReaders: (projection) =>
            findAdapterBranches(main, projection, projections).map((adapter) => adapter.readerIndex),
          firstUnits: layout.taps.map(({ firstUnit }) => firstUnit),
        });
  const runs = [...captures, ...(scaling?.runs ?? [])];
  const planned = runs.flatMap(({ nodes }) => nodes);
  const output = tensorInfo(outputName, TensorProto_DataType.FLOAT, outputAxes(settings, layout.unitCount));
  const outputs: [ValueInfoProto, ...ValueInfoProto[]] = [output];
  if (channelMeans !== undefined) {
    const axes = [`${outputName}_batch`, layout.unitCount * layout.groupSize];
    outputs.push(tensorInfo(channelMeans, TensorProto_DataType.FLOAT, axes));
  }
  const scaleInfo =
    scale === undefined
      ? []
      : [
          tensorInfo(scale.input, TensorProto_DataType.FLOAT, [`${scale.input}_units`]),
          ...(scale.offset === undefined
            ? []
            : [tensorInfo(scale.offset, TensorProto_DataType.FLOAT, [`${scale.offset}_channels`])]),
        ];

  const inputs = [...segmentInfos(taps, settings.segments), ...scaleInfo];
  requireDistinctNames(planned, output, inputs);
  if (isHooked(view, outputs, planned)) {
    if (scale !== undefined) requireSameDefault(view, scale);
    return { view, additions: undefined, layout };
  }
  const newInputs = inputs.filter((input) => !isSharedInput(view, input));
  requireFreeNames(view, planned, newInputs);
  const raised = scale?.isOptional === true && view.irVersion < IR_WITH_DEFAULTS;
  const edited = editView(view, scaling?.readers ?? new Map(), raised);
  const additions: ModelAdditions = {
    nodes: runs,
    inputs: newInputs,
    outputs,
    initializers: scale?.isOptional === true ? defaultScaling(scale) : [],
    opsets: new Map([...view.opsets].filter(([domain]) => !original.opsets.has(domain))),
    ...(raised && { irVersion: IR_WITH_DEFAULTS }),
  };
  return { view: edited, additions, layout };
}

/** Select in the model with all its functions written out, then write out only those calls that are tapped. */
function select(
  original: ModelView,
  options: HookOptions,
  settings: HookSettings,
): { view: ModelView; taps: SelectedTap[]; layout: UnitLayout } {
  const { outputName, segments, maskInput, reduction, isPerToken, channelMeans, scale } = settings;
  const selection: SelectionOptions = {
    ...(options.groupSize !== undefined && { groupSize: options.groupSize }),
    outputName,
    segmentsInput: segments?.input ?? null,
    maskInput: maskInput ?? null,
  };
  const whole = inlineFunctions(original);
  const specs = options.taps ?? attentionTapsOf(whole);
  const selected = selectTaps(findProjections(whole), specs, selection);
  const calls = new Set(
    selected.taps.flatMap(({ projection: { scope, nodeIndex } }) => {
      const index = scope === "" ? nodeIndex : holderIndex(whole.nodes, scope);
      return whole.origins?.[index] ?? [];
    }),
  );
  const view = inlineFunctions(original, calls);
  const { taps, layout } =
    whole === original ? selected : selectTaps(findProjections(view), specs, selection);
  requireInputs(view, settings, taps);
  return {
    view,
    taps,
    layout: {
      ...layout,
      ...(reduction !== "meanSquare" && { reduction }),
      ...(isPerToken && { isPerToken }),
      ...(channelMeans !== undefined && { channelMeansOutput: channelMeans }),
      ...(scale !== undefined && { scaleInput: scale.input }),
      ...(scale?.offset !== undefined && { offsetInput: scale.offset }),
    },
  };
}

/** Make sure that the inputs that the options name are there. */
function requireInputs(view: ModelView, { batchInput }: HookSettings, taps: readonly SelectedTap[]): void {
  const names = view.inputs.map(({ name }) => name);
  const isKnown = (value: string): boolean =>
    names.includes(value) || view.nodes.some(({ output }) => output.includes(value));
  const wanted = [
    ...(batchInput === undefined ? [] : [["batchInput", batchInput] as const]),
    ...taps.flatMap(({ maskInput }) => (maskInput === null ? [] : [["mask", maskInput] as const])),
  ];
  for (const [option, value] of wanted) {
    if (isKnown(value)) continue;
    throw new HeadHooksError(
      "invalid-argument",
      `\`${option}\` "${value}" is no value of the graph; its inputs are ${names.join(", ")}`,
      { inputs: names },
    );
  }
}

/** Put rewritten nodes into a view; with the IR version raised, initializers stop being inputs, as they were not. */
function editView(
  view: ModelView,
  readers: ReadonlyMap<number, ModelView["nodes"][number]>,
  isRaised: boolean,
): ModelView {
  const edited = replaceNodes(view, readers);
  if (!isRaised) return edited;
  const constants = view.spans.inputs.filter((_, index) =>
    view.initializers.has(view.inputs[index]?.name ?? ""),
  );
  return { ...edited, spans: { ...edited.spans, removed: [...edited.spans.removed, ...constants] } };
}

function segmentInfos(taps: readonly SelectedTap[], segments: HookSettings["segments"]): ValueInfoProto[] {
  const type = segments?.rangeType === "float32" ? TensorProto_DataType.FLOAT : TensorProto_DataType.INT64;
  const names = new Set(taps.flatMap(({ segmentsInput }) => segmentsInput ?? []));
  return [...names].map((name) => tensorInfo(name, type, [segments?.count ?? `${name}_count`, 2]));
}

function outputAxes(
  { outputName, isPerToken, segments }: HookSettings,
  unitCount: number,
): (string | number)[] {
  const middle = isPerToken
    ? [`${outputName}_tokens`]
    : segments === undefined
      ? []
      : [segments.count ?? `${outputName}_segments`];
  return [`${outputName}_batch`, ...middle, unitCount];
}
