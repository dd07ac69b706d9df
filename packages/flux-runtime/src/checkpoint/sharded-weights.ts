import { readFile, readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { WEIGHT_BASE_NAMES } from "./checkpoint-files.ts";
import { recognizeFiles } from "./recognize-weights.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";
import type { SafetensorsEntry } from "./safetensors-header.ts";

/** Where one weight lies: in which file, and where in it. */
export interface WeightEntry extends SafetensorsEntry {
  /** Absolute path of the safetensors file; links are not followed. */
  readonly file: string;
}

/** Every weight of a model by its name. */
export type WeightIndex = ReadonlyMap<string, WeightEntry>;

/** How the weight files are called. */
export interface OpenWeightsOptions {
  /** Tried in this order: NAME.safetensors, then NAME.safetensors.index.json. */
  readonly baseNames?: readonly string[];
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Finds the weights of one model folder, in one file or sharded, and reads their headers; no weight is read.
 *
 * Tensors that a shard holds beyond what the index lists belong to the result too, as in the reference loaders.
 *
 * @throws {FluxRuntimeError} `missing-weights` where the folder has no weights or lacks a shard;
 * `inconsistent-weights` where the index promises a tensor that its shard lacks, or two shards hold the same one;
 * `invalid-config` for an index that is not JSON of the expected form; and as `readSafetensorsHeader` does.
 */
export async function openWeights(
  folder: string,
  { baseNames = WEIGHT_BASE_NAMES }: OpenWeightsOptions = {},
): Promise<WeightIndex> {
  let files: readonly string[];
  try {
    files = await readdir(folder);
  } catch (cause) {
    throw new FluxRuntimeError(
      "missing-weights",
      `The folder ${folder} cannot be read, but weights were expected in it. Check the path of the checkpoint.`,
      { folder },
      { cause },
    );
  }
  for (const baseName of baseNames) {
    if (files.includes(`${baseName}.safetensors`)) {
      return collect(folder, [`${baseName}.safetensors`]);
    }
    if (files.includes(`${baseName}.safetensors.index.json`)) {
      return openShards(folder, { indexName: `${baseName}.safetensors.index.json`, files });
    }
  }
  const present = files.filter((file) => file.endsWith(".safetensors"));
  const foreign = present.length > 0 ? undefined : recognizeFiles(files);
  const expected = baseNames
    .map((name) => `${name}.safetensors or ${name}.safetensors.index.json`)
    .join(", or ");
  throw new FluxRuntimeError(
    "missing-weights",
    `The folder ${folder} holds no weights: expected ${expected}, found ${present.length > 0 ? present.join(", ") : "no .safetensors file"}${foreign ? `, but ${foreign.evidence}, ${foreign.what}` : ""}. Fetch the weights in the safetensors format, under those names.`,
    { folder, baseNames, present },
  );
}

/**
 * Reads the header of weights in one file; no weight is read.
 *
 * @throws {FluxRuntimeError} as `readSafetensorsHeader` does.
 */
export async function openWeightFile(path: string): Promise<WeightIndex> {
  const file = resolve(path);
  const { tensors } = await readSafetensorsHeader(file);
  return new Map([...tensors].map(([name, entry]) => [name, { ...entry, file }]));
}

async function openShards(
  folder: string,
  { indexName, files }: { readonly indexName: string; readonly files: readonly string[] },
): Promise<WeightIndex> {
  const promised = await readIndex(join(folder, indexName));
  const shards = [...new Set(promised.values())].sort();
  for (const shard of shards) {
    // The index is untrusted input: it may name files of this folder, nothing else.
    if (shard !== basename(shard) || !files.includes(shard)) {
      const tensors = [...promised].filter(([, file]) => file === shard).map(([name]) => name);
      throw new FluxRuntimeError(
        "missing-weights",
        `The shard "${shard}" is missing in ${folder}: ${indexName} expects ${tensors.length} tensors in it, "${tensors[0] ?? ""}" among them. Fetch this file too.`,
        { folder, shard, tensors },
      );
    }
  }
  const weights = await collect(folder, shards);
  for (const [name, shard] of promised) {
    const found = weights.get(name)?.file;
    if (found !== resolve(folder, shard)) {
      throw new FluxRuntimeError(
        "inconsistent-weights",
        `${indexName} in ${folder} promises the tensor "${name}" in ${shard}, but it is ${found === undefined ? "in none of the shards" : `in ${basename(found)}`}. The index and the shards are of different versions: fetch them together.`,
        { folder, tensor: name, shard, found },
      );
    }
  }
  return weights;
}

async function readIndex(path: string): Promise<ReadonlyMap<string, string>> {
  let parsed: z.infer<typeof indexSchema>;
  try {
    parsed = indexSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new FluxRuntimeError(
      "invalid-config",
      `The weight index ${path} is not JSON with a "weight_map" from tensor names to file names (${reason}). Fetch it again.`,
      { path },
      { cause },
    );
  }
  return new Map(Object.entries(parsed.weight_map));
}

async function collect(folder: string, files: readonly string[]): Promise<WeightIndex> {
  const weights = new Map<string, WeightEntry>();
  for (const name of files) {
    const file = resolve(folder, name);
    const { tensors } = await readSafetensorsHeader(file);
    for (const [tensor, entry] of tensors) {
      const other = weights.get(tensor)?.file;
      if (other !== undefined) {
        throw new FluxRuntimeError(
          "inconsistent-weights",
          `The tensor "${tensor}" is in two shards of ${folder}: ${basename(other)} and ${name}. Remove the file that does not belong to this checkpoint, or fetch the shards again.`,
          { folder, tensor, shards: [basename(other), name] },
        );
      }
      weights.set(tensor, { ...entry, file });
    }
  }
  return weights;
}
