import {
  type Checkpoint,
  decodeToImage,
  generationPrompts,
  readImage,
  type RgbImage,
  type Tensor,
  writePng,
} from "@measure-plantain/flux-runtime";
import { itemAt } from "../reading.ts";
import type { Reporter } from "../reporter.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import type { ProbeSettings } from "../settings/settings.ts";
import { imageDifference } from "./image-difference.ts";
import { nameUnsteered, type PlannedImage } from "./list-images.ts";
import { openSteeredPipeline } from "./steered-pipeline.ts";
import { type SteeredImage, type SteeredSet, STEERING_FOLDER, type SteeringSettings } from "./steering.ts";

/** What is rendered, and how. */
export interface RenderSteeredOptions {
  readonly run: RunFolder;
  readonly checkpoint: Checkpoint;
  /** The run's, which say what its units are. */
  readonly probed: Pick<ProbeSettings, "groupSize" | "taps">;
  readonly settings: SteeringSettings;
  readonly sets: readonly SteeredSet[];
  /** In their order: an unsteered image before those that are compared with it, unless it is there. */
  readonly missing: readonly PlannedImage[];
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
  /** Called with each image once its file is written. */
  readonly onRendered: (image: SteeredImage) => Promise<void>;
}

/** Renders images of a steering with models that stay open, and writes each as PNG. */
export async function renderSteered({
  run,
  checkpoint,
  probed: { groupSize, taps },
  settings: { prompts, rendering },
  sets,
  missing,
  reporter,
  signal,
  onRendered,
}: RenderSteeredOptions): Promise<void> {
  const { width, height, steps, guidance, threads, ...runtime } = rendering;
  const { pipeline, scaleUnits } = await openSteeredPipeline(checkpoint, {
    groupSize,
    taps,
    ...runtime,
    ...(threads !== null && { threads }),
    ...(signal && { signal }),
    onConvertWeights: reporter.within(),
    modelsInMemory: "text-encoder-alone",
  });
  try {
    reporter.next();
    const embedsOf = new Map<string, Tensor>();
    const wanted = missing.flatMap(({ prompt }) =>
      generationPrompts(checkpoint, { prompt: itemAt(prompts, prompt), guidance }),
    );
    const texts = [...new Set(wanted)];
    const reportEncoded = reporter.start("encoding prompts", { unit: "prompts", total: texts.length });
    for (const [index, text] of texts.entries()) {
      const [embedding] = await pipeline.encodePrompts([text]);
      if (embedding !== undefined) embedsOf.set(text, embedding.embeds);
      reportEncoded(index + 1);
    }

    reporter.next();
    const total = steps * missing.length;
    const reportDone = reporter.start("rendering steered images", { unit: "steps", total });
    let unsteered: { readonly of: string; readonly image: RgbImage } | undefined;
    for (const [index, planned] of missing.entries()) {
      const { prompt, seed, set, scale, file } = planned;
      const units = set === null ? [] : itemAt(sets, set).units;
      const promptEmbeds = embedsOf.get(itemAt(prompts, prompt));
      if (promptEmbeds === undefined) throw new RangeError(`prompt ${prompt} was not encoded`);
      const { image } = await pipeline.generate({
        promptEmbeds,
        negativePromptEmbeds: embedsOf.get(""),
        seed,
        steps,
        guidance,
        width,
        height,
        extraInputs: scaleUnits(Object.fromEntries(units.map((address) => [address, scale]))),
        onProgress: (event) => {
          if (event.stage === "denoise") reportDone(steps * index + event.step);
        },
      });
      const path = run.file(STEERING_FOLDER, file);
      const rendered = await decodeToImage(image);
      await writePng(path, rendered);
      const of = `${prompt} ${seed}`;
      if (set === null) unsteered = { of, image: rendered };
      if (unsteered?.of !== of)
        unsteered = { of, image: await readImage(run.file(STEERING_FOLDER, nameUnsteered(planned))) };
      await onRendered({
        ...planned,
        sha256: await run.sha256(`${STEERING_FOLDER}/${file}`),
        difference: imageDifference(rendered, unsteered.image),
      });
    }
  } finally {
    await pipeline.close();
  }
}
