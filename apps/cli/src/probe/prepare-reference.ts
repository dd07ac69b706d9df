import {
  decodeToImage,
  generate,
  prepareConditionImage,
  readImage,
  writePng,
  type GenerateProgress,
} from "@measure-plantain/flux-runtime";
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { UsageError } from "../errors.ts";
import type { ProgressBar } from "../terminal/progress.ts";
import type { ProbeContext } from "./probe-context.ts";
import { sha256 } from "./fingerprint.ts";

/** Reads the size that a given image has once the pipeline has prepared it. */
export async function referenceFileSize(path: string): Promise<{ width: number; height: number }> {
  const [height = 0, width = 0] = prepareConditionImage(await readImage(path)).shape.slice(2);
  return { width, height };
}

/**
 * Puts the fixed image into the run folder: the given file, or the image that the settings describe, rendered once.
 *
 * @returns The path of `reference.png`, or null where the run has no fixed image.
 */
export async function prepareReference(
  context: ProbeContext,
  file: string | undefined,
): Promise<string | null> {
  const { settings, folder } = context;
  if (settings.reference === null) return null;
  const target = folder.file("reference.png");
  if (!existsSync(target) || !existsSync(folder.file("reference.json"))) {
    if (settings.reference.kind === "file") {
      if (file === undefined)
        throw new UsageError("This run was begun with --reference; give the same file again.");
      await writePng(target, await readImage(file));
    } else {
      await renderReference(context, target);
    }
    const record = { ...settings.reference, fileSha256: sha256(await readFile(target)) };
    await folder.writeJson("reference.json", record);
  }
  return target;
}

async function renderReference(
  { checkpoint, settings, progress, clock, runtime }: ProbeContext,
  target: string,
): Promise<void> {
  if (settings.reference?.kind !== "generated") return;
  const { prompt, seed, steps, guidance, width, height } = settings.reference;
  const { maxSequenceLength, rotaryFrequencies } = settings;
  let bar: ProgressBar | undefined;
  const onProgress = (event: GenerateProgress): void => {
    if (event.stage !== "denoise") return;
    bar ??= progress.start("rendering the reference", { unit: "steps", total: event.steps });
    bar.update(event.step, event.steps);
  };
  const size = { width, height };
  await clock.measure("render the reference", async (watch) => {
    try {
      const { image } = await generate(checkpoint, {
        ...{ prompt, seed, steps, guidance, ...size, maxSequenceLength, rotaryFrequencies, onProgress },
        ...runtime,
        ...watch,
      });
      await writePng(target, decodeToImage(image));
    } finally {
      bar?.stop();
    }
  });
}
