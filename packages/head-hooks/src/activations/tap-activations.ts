import { TensorProto_DataType } from "onnx-buf";
import { externalLocations } from "../graph/external-data.ts";
import { inlineFunctions } from "../graph/inline-functions.ts";
import { type NodeRun, NodeTape } from "../graph/node-tape.ts";
import { pruneGraph } from "../graph/prune-graph.ts";
import { type ModelView, readModel } from "../graph/read-model.ts";
import { replaceNodes } from "../graph/replace-nodes.ts";
import { joinBytes, type ModelAdditions, spliceModel } from "../graph/splice-model.ts";
import { tensorInfo } from "../graph/tensor-info.ts";
import { requireFreeNames, requireUniqueOutputs } from "../hook/hooked-state.ts";
import { requireOpset, requireOutputs } from "../hook/require-model.ts";
import { captureActivation, editActivation, renameOutput } from "./activation-nodes.ts";
import type { ActivationLayout, ActivationTapOptions } from "./activation-tap.ts";
import { findActivations } from "./list-activations.ts";
import { type PlannedTap, readTaps } from "./read-taps.ts";

/** What {@link tapActivations} returns. */
export interface TappedModel {
  /** The tapped model. */
  readonly model: Uint8Array;
  /** What was tapped, in the order of the taps. */
  readonly layouts: readonly ActivationLayout[];
}

/**
 * Add outputs to an ONNX model that hold activations, every value or a reduction, and inputs by which a run changes them:
 * the residual stream, what a norm or a projection makes, queries, keys and values, attention patterns, an MLP's hidden
 * units. Each tap has an output of its own, float32 whatever the type of the activation; `layouts` says which is whose.
 *
 * With `edit` an activation can be replaced and added to, as a whole or at chosen batch items, tokens or channels:
 * `editFeeds` makes the inputs, also those that change nothing. What is captured is the activation before the edit.
 *
 * Requires: activations of the main graph, or of functions that it calls; see `listActivations`.
 * Ensures: the model's own nodes, weights and outputs keep their bytes, except that calls of local functions with a tap
 * inside are written out, and that what makes an edited activation makes it under another name. Where a run changes
 * nothing, the model computes what it did, bit for bit, unless the tap keeps the runtime from fusing operators, which can
 * round differently. External weights are neither read nor rewritten.
 *
 * @throws HeadHooksError for a malformed model, a pattern that matches nothing, a reduction that does not fit, a name that
 *   is taken; see its `code`.
 * @example
 * ```ts
 * const { model, layouts } = tapActivations(bytes, {
 *   taps: [
 *     { at: "blocks.*", edit: true }, // the residual stream behind each block
 *     { at: "blocks.*.attn/Softmax", name: "pattern.{1}" },
 *     { at: "blocks.*.mlp.act", capture: "meanSquare", groupSize: 16 },
 *   ],
 * });
 * ```
 */
export function tapActivations(model: Uint8Array, options: ActivationTapOptions): TappedModel {
  const { view, additions, layouts } = planActivationTaps(model, options);
  return { model: joinBytes(spliceModel(view, additions)), layouts };
}

/** What to change in a model. */
export interface ActivationPlan {
  readonly view: ModelView;
  readonly additions: ModelAdditions;
  readonly layouts: readonly ActivationLayout[];
}

/** What to change in a model for these taps. */
export function planActivationTaps(
  model: Uint8Array,
  { taps, keepOutputs = true }: ActivationTapOptions,
): ActivationPlan {
  const original = readModel(model);
  externalLocations(original);
  requireUniqueOutputs(original);
  if (typeof keepOutputs === "object") requireOutputs(original, keepOutputs);
  const opset = requireOpset(original);
  const whole = inlineFunctions(original);
  const tapped = readTaps(findActivations(whole), taps);
  const view = writeOutCalls(original, whole, tapped);

  const runs: NodeRun[] = [];
  const renamed = new Map<number, ModelView["nodes"][number]>();
  const producers = producersOf(view);
  const unedited = (value: string): string =>
    tapped.some(({ layout }) => layout.edit !== null && layout.activation.value === value)
      ? `${value}/unedited`
      : value;
  for (const { layout, spec } of tapped) {
    const { value, elementType } = layout.activation;
    const after = producers.get(value) ?? -1;
    const tape = new NodeTape(`activation/${layout.name}`, opset);
    if (layout.output !== null) captureActivation(tape, unedited(value), spec, layout.output);
    const node = renamed.get(after) ?? view.nodes[after];
    if (layout.edit !== null && elementType !== null && node !== undefined) {
      renamed.set(after, renameOutput(node, value, unedited(value)));
      editActivation(tape, unedited(value), value, { inputs: layout.edit, elementType });
    }
    runs.push({ after, nodes: tape.nodes });
  }

  const layouts = tapped.map(({ layout }) => layout);
  const inputs = layouts.flatMap(({ edit }) =>
    edit === null
      ? []
      : [
          tensorInfo(edit.mask, TensorProto_DataType.BOOL, undefined),
          tensorInfo(edit.replacement, TensorProto_DataType.FLOAT, undefined),
          tensorInfo(edit.addition, TensorProto_DataType.FLOAT, undefined),
        ],
  );
  const outputs = layouts.flatMap(({ output, axes }) =>
    output === null
      ? []
      : [
          tensorInfo(
            output,
            TensorProto_DataType.FLOAT,
            axes?.map((axis, at) => axis ?? `${output}_${at}`),
          ),
        ],
  );
  const edited = replaceNodes(view, renamed);
  const planned = runs.flatMap(({ nodes }) => nodes);
  requireFreeNames(edited, planned, inputs, "give the tap another `name`, or tap the original model");
  const additions = {
    nodes: runs,
    inputs,
    outputs,
    opsets: new Map([...view.opsets].filter(([domain]) => !original.opsets.has(domain))),
  };
  if (keepOutputs === true) return { view: edited, additions, layouts };
  return { ...dropOutputs(edited, additions, keepOutputs === false ? [] : keepOutputs), layouts };
}

/** Take out of the model what only those outputs need that are not kept. */
function dropOutputs(
  view: ModelView,
  additions: ModelAdditions,
  kept: readonly string[],
): Omit<ActivationPlan, "layouts"> {
  const captured = additions.outputs.map(({ name }) => name);
  const pruned = pruneGraph(view, additions.nodes, new Set([...kept, ...captured]));
  if (pruned === undefined) return { view, additions };
  return {
    view: pruned.view,
    additions: { ...additions, nodes: pruned.runs, valueInfos: pruned.valueInfos },
  };
}

/** The model with only those calls of functions written out that make something tapped. */
function writeOutCalls(original: ModelView, whole: ModelView, planned: readonly PlannedTap[]): ModelView {
  if (whole === original) return original;
  const producers = producersOf(whole);
  const calls = planned.flatMap(
    ({ layout }) => whole.origins?.[producers.get(layout.activation.value) ?? -1] ?? [],
  );
  return inlineFunctions(original, new Set(calls));
}

function producersOf({ nodes }: ModelView): Map<string, number> {
  return new Map(nodes.flatMap(({ output }, index) => output.map((value) => [value, index] as const)));
}
