import {
  CONFIGURATION_FILES,
  MODEL_FOLDERS,
  WEIGHT_BASE_NAMES,
  type ModelFolder,
} from "../checkpoint/checkpoint-files.ts";

/** Which parts of a checkpoint are needed. */
export interface NeededParts {
  /** The models whose weights are needed; by default all. Configurations and the tokenizer are always needed. */
  readonly models?: readonly ModelFolder[] | undefined;
}

/**
 * Of all files of a repository, those that a checkpoint is opened from: configurations, tokenizer, and of each model the
 * weights in one file or in shards. Left out are the weights in other formats and precisions, the same weights a second time
 * in one file at the root, and images.
 */
export function selectNeededFiles(
  paths: readonly string[],
  { models = MODEL_FOLDERS }: NeededParts = {},
): string[] {
  const weights = new Set(models.flatMap((model) => weightFiles(paths, model)));
  return paths.filter(
    (path) =>
      CONFIGURATION_FILES.includes(path) ||
      /^tokenizer\/[\w.-]+\.(json|txt|jinja)$/.test(path) ||
      weights.has(path),
  );
}

/**
 * What a checkpoint lacks to be opened: files, or descriptions of them.
 *
 * @param paths - Its files.
 * @param readIndex - Reads the weight index at a path: the files that it names.
 */
export async function listMissingFiles(
  paths: readonly string[],
  readIndex: (path: string) => Promise<readonly string[]>,
  { models = MODEL_FOLDERS }: NeededParts = {},
): Promise<string[]> {
  const missing = CONFIGURATION_FILES.filter((file) => !paths.includes(file));
  for (const model of models) {
    const files = weightFiles(paths, model);
    const index = files.find((file) => file.endsWith(".index.json"));
    if (files.length === 0) missing.push(`${model}/*.safetensors`);
    if (index === undefined) continue;
    const shards = (await readIndex(index)).map((shard) => `${model}/${shard}`);
    missing.push(...shards.filter((shard) => !paths.includes(shard)));
  }
  return missing;
}

function weightFiles(paths: readonly string[], model: string): string[] {
  for (const name of WEIGHT_BASE_NAMES) {
    const single = `${model}/${name}.safetensors`;
    if (paths.includes(single)) return [single];
    const index = `${single}.index.json`;
    if (!paths.includes(index)) continue;
    const shard = new RegExp(`^${model}/${name}-\\d+-of-\\d+\\.safetensors$`);
    return [index, ...paths.filter((path) => shard.test(path))];
  }
  return [];
}
