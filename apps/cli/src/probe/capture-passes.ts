import {
  buildTransformerModel,
  drawNoise,
  openTransformer,
  tokenGrid,
  tokenLayout,
  type PackedLatents,
  type SessionTensors,
} from "@measure-plantain/flux-runtime";
import { hookModel, poolSegments, type UnitLayout } from "@measure-plantain/head-hooks";
import { promptImages, promptText } from "@measure-plantain/prompts";
import { hasPass, writePass, type PassCapture, type PassKey } from "../run-folder/pass-files.ts";
import { readEmbedding } from "./encode-prompts.ts";
import { planTaps } from "./plan-taps.ts";
import type { ProbeContext } from "./probe-context.ts";
import { rangeTensors, segmentNames, segmentRanges, type SegmentRanges } from "./token-segments.ts";

/** What the transformer passes of a run are conditioned on beside their prompt. */
export interface Conditions {
  /** The fixed image, or null where the prompt set has none. */
  readonly reference: PackedLatents | null;
  /** The images of sides that bring their own, by path. */
  readonly images: ReadonlyMap<string, PackedLatents>;
}

/**
 * Runs each prompt for one inference step at σ = 1 and stores the mean squares at every tapped projection. Passes that the
 * folder already holds are not run again.
 */
export async function capturePasses(
  context: ProbeContext,
  { reference, images }: Conditions,
): Promise<UnitLayout> {
  const { checkpoint, promptSet, settings, folder, progress, clock, runtime } = context;
  const keys = promptSet.pairs.flatMap((_, pair): PassKey[] => [
    { pair, condition: 0 },
    { pair, condition: 1 },
  ]);
  const missing: PassKey[] = [];
  for (const key of keys) if (!(await hasPass(folder, key))) missing.push(key);
  if (missing.length < keys.length) {
    progress.note(`${keys.length - missing.length} of ${keys.length} passes are there already.`);
  }

  const size = tokenGrid(checkpoint, settings);
  const latents = drawNoise(checkpoint, { seed: settings.noiseSeed, size });
  const { model, layout } = hookModel(buildTransformerModel(checkpoint, runtime), {
    taps: planTaps(checkpoint, settings.taps),
    groupSize: settings.groupSize,
    segments: settings.segments,
  });
  if (missing.length === 0) return layout;
  await clock.measure("capture passes", async (watch) => {
    const transformer = await openTransformer(checkpoint, {
      ...runtime,
      ...watch,
      rewriteGraph: () => model,
    });
    const bar = progress.start("capturing passes", { unit: "passes", total: missing.length });
    try {
      for (const [index, key] of missing.entries()) {
        const pair = promptSet.pairs[key.pair];
        if (pair === undefined) throw new RangeError("a pass beyond the prompt set");
        const side = key.condition === 0 ? pair.a : pair.b;
        const own = promptImages(side).flatMap((path) => images.get(path) ?? []);
        const references = own.length > 0 ? own : reference === null ? [] : [reference];
        const promptEmbeds = await readEmbedding(context, promptText(side));
        const pass = { latents, references, promptEmbeds, timestep: 1_000 };
        const ranges = segmentRanges(tokenLayout(pass));
        const { extraOutputs } = await transformer.predict({
          ...pass,
          ...(settings.segments && { extraInputs: rangeTensors(ranges) }),
        });
        await writePass(folder, key, readCapture(extraOutputs, layout, ranges, settings.segments));
        bar.update(index + 1, missing.length);
      }
    } finally {
      bar.stop();
      await transformer.close();
    }
  });
  return layout;
}

function readCapture(
  outputs: SessionTensors,
  layout: UnitLayout,
  ranges: SegmentRanges,
  segments: boolean,
): PassCapture {
  const captured = outputs[layout.outputName];
  if (captured?.type !== "float32") throw new TypeError(`the hooked graph gave no ${layout.outputName}`);
  if (!segments) return new Map([["mean_square", { data: captured.data, shape: [layout.unitCount] }]]);
  const used = Object.fromEntries(
    layout.taps.flatMap(({ segmentsInput: name }) => (name ? [[name, ranges[name] ?? []]] : [])),
  );
  const whole = poolSegments(captured, layout, used);
  return new Map([
    ["mean_square", { data: Float32Array.from(whole.data), shape: [layout.unitCount] }],
    ...segmentNames.map((name, index) => {
      const data = captured.data.subarray(index * layout.unitCount, (index + 1) * layout.unitCount);
      return [`mean_square.${name}`, { data, shape: [layout.unitCount] }] as const;
    }),
  ]);
}
