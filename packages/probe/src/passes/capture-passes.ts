import { group } from "d3-array";
import {
  buildTransformerModel,
  openTransformer,
  tokenLayout,
  type Tensor,
  type Transformer,
} from "@measure-plantain/flux-runtime";
import { hookModel, readCapture, readChannelMeans, type UnitLayout } from "@measure-plantain/head-hooks";
import { CHANNEL_MEAN, MEAN_SQUARE } from "../captures/capture-tensors.ts";
import { hasPass, writePass, type PassCapture, type PassKey } from "../run-folder/pass-files.ts";
import type { Conditions } from "./encode-conditions.ts";
import { createPassInputs, type ProbePass } from "./pass-inputs.ts";
import { planTaps } from "../captures/plan-taps.ts";
import { itemAt } from "../reading.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import type { ProbeContext } from "./probe-context.ts";
import { listReplicates } from "../settings/replicates.ts";
import type { ProbeSettings } from "../settings/settings.ts";
import {
  poolRanges,
  rangeTensors,
  rangeTypeOf,
  segmentNames,
  segmentRanges,
  type SegmentRanges,
} from "../captures/token-segments.ts";

/**
 * Runs each prompt for one inference step, at σ = 1 unless the settings say otherwise, and stores the mean squares at every
 * tapped projection. Passes that the folder already holds are not run again.
 */
export async function capturePasses(context: ProbeContext, conditions: Conditions): Promise<UnitLayout> {
  const { checkpoint, settings, pairs, folder, reporter, clock, runtime } = context;
  const replicates = listReplicates(settings);
  const keys = pairs.flatMap((pair) =>
    [...replicates.keys()].flatMap((replicate): PassKey[] => [
      { pair, condition: 0, replicate },
      { pair, condition: 1, replicate },
    ]),
  );
  const missing = await listMissing(folder, batches(keys, settings.batch));
  const count = missing.flat().length;
  if (count < keys.length)
    reporter.note(`${keys.length - count} of ${keys.length} passes are there already.`);

  const inputsOf = createPassInputs(context, conditions);
  const rangeType = rangeTypeOf(settings.device);
  const { model, layout } = hookModel(await buildTransformerModel(checkpoint, runtime), {
    taps: planTaps(checkpoint, settings.taps),
    groupSize: settings.groupSize,
    segments: settings.segments && { rangeType },
    channelMeans: settings.capture === "signed",
    keepOutputs: false, // nothing after the last tap is computed
  });
  if (missing.length === 0) return layout;
  await clock.measure("capture passes", async (watch) => {
    const transformer = await openTransformer(checkpoint, {
      ...runtime,
      ...watch,
      rewriteGraph: () => model,
    });
    const reportDone = reporter.start("capturing passes", { unit: "passes", total: count });
    let done = 0;
    try {
      for (const group of missing) {
        const passes: ProbePass[] = [];
        for (const key of group) passes.push(await inputsOf(key));
        const predictions = await predict(transformer, passes, settings);
        for (const [index, key] of group.entries()) {
          const { outputs, ranges } = itemAt(predictions, index);
          await writePass(folder, key, splitCapture(outputs, layout, ranges, settings));
        }
        done += group.length;
        reportDone(done);
      }
    } finally {
      await transformer.close();
    }
  });
  return layout;
}

/** A batch is run again as a whole, so that its numbers do not depend on where a run was cut short. */
async function listMissing(folder: RunFolder, groups: readonly PassKey[][]): Promise<PassKey[][]> {
  const missing: PassKey[][] = [];
  for (const group of groups) {
    const stored = await Promise.all(group.map((key) => hasPass(folder, key)));
    if (stored.includes(false)) missing.push(group);
  }
  return missing;
}

/** Consecutive keys, at most `size` at a time. */
function batches(keys: readonly PassKey[], size: number): PassKey[][] {
  return Array.from({ length: Math.ceil(keys.length / size) }, (_, index) =>
    keys.slice(index * size, (index + 1) * size),
  );
}

interface Prediction {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Where the pass's token segments lie. */
  readonly ranges: SegmentRanges;
}

/** Runs those passes together that have one layout and one set of ranges. */
async function predict(
  transformer: Transformer,
  passes: readonly ProbePass[],
  { segments, device }: Pick<ProbeSettings, "segments" | "device">,
): Promise<Prediction[]> {
  const prepared = passes.map((pass) => {
    const ranges = segmentRanges(tokenLayout(pass), pass.textTokens);
    const extraInputs = rangeTensors(ranges, rangeTypeOf(device));
    return { pass: { ...pass, ...(segments && { extraInputs }) }, ranges };
  });
  const alike = group(prepared, ({ pass: { references = [] }, ranges }) =>
    JSON.stringify([references.map(({ size }) => size), segments && ranges]),
  );
  const outputs = new Map<object, Prediction["outputs"]>();
  for (const batch of alike.values()) {
    const results = await transformer.runBatch(batch.map(({ pass }) => pass));
    for (const [index, item] of batch.entries()) outputs.set(item, itemAt(results, index));
  }
  return prepared.map((item) => ({ outputs: outputs.get(item) ?? {}, ranges: item.ranges }));
}

function splitCapture(
  outputs: Prediction["outputs"],
  layout: UnitLayout,
  ranges: SegmentRanges,
  { segments, capture }: Pick<ProbeSettings, "segments" | "capture">,
): PassCapture {
  const captured = readCapture(outputs, layout);
  const squares = segments
    ? splitSegments(captured.data, layout, ranges)
    : new Map([[MEAN_SQUARE, vector(captured.data)]]);
  if (capture !== "signed") return squares;
  return new Map([...squares, [CHANNEL_MEAN, vector(readChannelMeans(outputs, layout).data)]]);
}

/** From the mean squares [K, units] of K ranges: over all tokens, and over those of each segment. */
function splitSegments(
  data: Float32Array,
  layout: UnitLayout,
  ranges: SegmentRanges,
): ReadonlyMap<string, Tensor> {
  return new Map([
    [MEAN_SQUARE, vector(poolRanges(data, layout, ranges, "all"))],
    ...segmentNames.map(
      (name) => [`${MEAN_SQUARE}.${name}`, vector(poolRanges(data, layout, ranges, name))] as const,
    ),
  ]);
}

function vector(data: Float32Array): Tensor {
  return { data, shape: [data.length] };
}
