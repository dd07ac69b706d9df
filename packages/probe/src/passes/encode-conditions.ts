import {
  encodeImages,
  prepareConditionImage,
  readImage,
  readSafetensorsHeader,
  readTensors,
  writeSafetensors,
  type PackedLatents,
} from "@measure-plantain/flux-runtime";
import { promptImages } from "@measure-plantain/prompts";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { sha256 } from "../sha256.ts";
import { referenceName } from "./prepare-references.ts";
import type { ProbeContext } from "./probe-context.ts";

/** The images that the passes of a run are conditioned on. */
export interface Conditions {
  /** The fixed images, in the order of the settings. */
  readonly references: readonly PackedLatents[];
  /** The images of sides that bring their own, by path. */
  readonly images: ReadonlyMap<string, PackedLatents>;
}

/**
 * Encodes every image that a pass is conditioned on, once each, and keeps the latents in the run folder's cache by what the
 * images hold.
 */
export async function encodeConditions(context: ProbeContext): Promise<Conditions> {
  const { promptSet, settings, pairs, folder } = context;
  const referencePaths = settings.references.map((_, index) => folder.file(`${referenceName(index)}.png`));
  const sidePaths = pairs.flatMap((index) => {
    const pair = promptSet.pairs[index];
    return pair === undefined ? [] : [...promptImages(pair.a), ...promptImages(pair.b)];
  });
  const images = await encodeImageFiles(context, [...referencePaths, ...sidePaths]);
  return { references: referencePaths.flatMap((path) => images.get(path) ?? []), images };
}

/** The latents of each path. */
async function encodeImageFiles(
  { checkpoint, folder, clock, runtime }: ProbeContext,
  paths: readonly string[],
): Promise<ReadonlyMap<string, PackedLatents>> {
  const cached = new Map<string, string>();
  for (const path of new Set(paths)) {
    const key = sha256(await readFile(path)).slice(0, 32);
    cached.set(path, folder.file("cache", `image-${key}.safetensors`));
  }
  const missing = [...cached].filter(([, file]) => !existsSync(file));
  if (missing.length > 0) {
    await clock.measure("encode images", async (watch) => {
      const images = [];
      for (const [path] of missing) images.push(await prepareConditionImage(await readImage(path)));
      const encoded = await encodeImages(checkpoint, images, { ...runtime, ...watch });
      for (const [index, { tokens, size }] of encoded.entries()) {
        const [, file] = missing[index] ?? [];
        const metadata = { height: String(size.height), width: String(size.width) };
        if (file !== undefined) await writeSafetensors(file, [{ name: "tokens", ...tokens }], { metadata });
      }
    });
  }
  return new Map(
    await Promise.all([...cached].map(async ([path, file]) => [path, await readLatents(file)] as const)),
  );
}

async function readLatents(file: string): Promise<PackedLatents> {
  const { metadata } = await readSafetensorsHeader(file);
  const tokens = (await readTensors(file)).get("tokens");
  if (tokens === undefined) throw new RangeError(`${file} holds no tokens`);
  return { tokens, size: { height: Number(metadata["height"]), width: Number(metadata["width"]) } };
}
