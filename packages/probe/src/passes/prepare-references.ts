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
import { ProbeError } from "../probe-error.ts";
import type { ProbeContext } from "./probe-context.ts";
import { encodingOptions } from "./runtime-options.ts";
import { sha256 } from "../sha256.ts";
import type { ReferenceSettings } from "../settings/settings.ts";

/** Reads the size that a given image has once the pipeline has prepared it. */
export async function referenceFileSize(path: string): Promise<{ width: number; height: number }> {
  const { shape } = await prepareConditionImage(await readImage(path));
  const [height = 0, width = 0] = shape.slice(2);
  return { width, height };
}

/** The name of a run's fixed image, without its extension: `reference`, `reference-2`, … */
export function referenceName(index: number): string {
  return index === 0 ? "reference" : `reference-${index + 1}`;
}

/**
 * Puts the fixed images into the run folder: the given files, or the images that the settings describe, rendered once.
 *
 * @param files - One for each reference of the settings where those are files.
 */
export async function prepareReferences(context: ProbeContext, files: readonly string[]): Promise<void> {
  const { settings, folder } = context;
  for (const [index, reference] of settings.references.entries()) {
    const name = referenceName(index);
    const target = folder.file(`${name}.png`);
    if (!existsSync(target) || !existsSync(folder.file(`${name}.json`))) {
      if (reference.kind === "file") {
        const file = files[index];
        if (file === undefined)
          throw new ProbeError(
            "invalid-option",
            "This run was begun with files as its fixed images. Give the same files again as the option `referenceFiles`.",
            { option: "referenceFiles" },
          );
        await writePng(target, await readImage(file));
      } else {
        await renderReference(context, reference, { name, target });
      }
      await folder.writeJson(`${name}.json`, { ...reference, fileSha256: sha256(await readFile(target)) });
    }
  }
}

async function renderReference(
  { checkpoint, settings, reporter, clock, runtime }: ProbeContext,
  reference: Extract<ReferenceSettings, { kind: "generated" }>,
  { name, target }: { readonly name: string; readonly target: string },
): Promise<void> {
  const { prompt, seed, steps, guidance, width, height } = reference;
  const reportDone = reporter.start(`rendering the ${name}`, { unit: "steps", total: steps });
  const onProgress = (event: GenerateProgress): void => {
    if (event.stage === "denoise") reportDone(event.step);
  };
  const size = { width, height };
  await clock.measure(`render the ${name}`, async (watch) => {
    const { image } = await generate(checkpoint, {
      prompt,
      seed,
      steps,
      guidance,
      ...size,
      ...encodingOptions(settings),
      onProgress,
      ...runtime,
      ...watch,
    });
    await writePng(target, await decodeToImage(image));
  });
}
