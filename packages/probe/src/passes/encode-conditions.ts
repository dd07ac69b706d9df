import {
  encodeImages,
  prepareConditionImage,
  readImage,
  readSafetensorsHeader,
  readTensors,
  writeSafetensors,
  type PackedLatents,
} from "@measure-plantain/flux-runtime";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { sha256 } from "../settings/fingerprint.ts";
import type { ProbeContext } from "./probe-context.ts";

/**
 * Encodes every image that a pass is conditioned on, once each, and keeps the latents in the run folder's cache by what the
 * images hold.
 *
 * @returns The latents of each path.
 */
export async function encodeConditions(
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
