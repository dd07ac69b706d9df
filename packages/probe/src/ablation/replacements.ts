import { buildTransformerModel, openTransformer } from "@measure-plantain/flux-runtime";
import { hookModel, readCapture } from "@measure-plantain/head-hooks";
import { planTaps } from "../captures/plan-taps.ts";
import type { PassInputs } from "../passes/pass-inputs.ts";
import type { ProbeContext } from "../passes/probe-context.ts";
import { itemAt, valueAt } from "../reading.ts";
import { listReplicates } from "../settings/replicates.ts";
import type { Source } from "./choose-sources.ts";

/** For each repetition, what is put in the place of ablated channels: float64 [channels of all taps]. */
export type Replacement = readonly Float64Array[];

/**
 * Runs the prompts that ablated units are replaced by, and takes the mean over the tokens of every channel that enters a
 * tapped projection, over one or more prompts. Repetitions stay apart: each has a noise, an image and a noise level.
 *
 * @param sources - The prompts for each of some pairs; pairs of the same prompts share what was computed.
 */
export async function measureReplacements(
  { checkpoint, settings, reporter, clock, runtime }: ProbeContext,
  inputs: PassInputs,
  sources: readonly (readonly Source[])[],
): Promise<Replacement[]> {
  const distinct = new Map(sources.map((prompts) => [JSON.stringify(prompts), prompts]));
  const replicates = listReplicates(settings).length;
  const passes = countReplacementPasses(sources, replicates);
  const { model, layout } = hookModel(await buildTransformerModel(checkpoint, runtime), {
    taps: planTaps(checkpoint, settings.taps),
    groupSize: 1,
    reduction: "mean",
    keepOutputs: false,
  });
  const replacements = new Map<string, Replacement>();
  await clock.measure("measure replacements", async (watch) => {
    const transformer = await openTransformer(checkpoint, {
      ...runtime,
      ...watch,
      rewriteGraph: () => model,
    });
    const reportDone = reporter.start("measuring replacements", { unit: "passes", total: passes });
    let done = 0;
    try {
      for (const [key, prompts] of distinct) {
        const means = Array.from({ length: replicates }, () => new Float64Array(layout.unitCount));
        for (const [replicate, mean] of means.entries()) {
          for (const prompt of prompts) {
            const outputs = await transformer.runBatch([await inputs({ ...prompt, replicate })]);
            for (const [channel, value] of readCapture(itemAt(outputs, 0), layout).data.entries())
              mean[channel] = valueAt(mean, channel) + value / prompts.length;
            reportDone((done += 1));
          }
        }
        replacements.set(key, means);
      }
    } finally {
      await transformer.close();
    }
  });
  return sources.map((prompts) => replacements.get(JSON.stringify(prompts)) ?? []);
}

/** How many passes {@link measureReplacements} runs. */
export function countReplacementPasses(sources: readonly (readonly Source[])[], replicates: number): number {
  const distinct = new Map(sources.map((prompts) => [JSON.stringify(prompts), prompts.length]));
  return replicates * [...distinct.values()].reduce((sum, count) => sum + count, 0);
}
