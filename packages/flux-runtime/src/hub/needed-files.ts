/** The folders of the three models, each with a configuration and weights. */
const models = ["text_encoder", "transformer", "vae"] as const;

/** How the weights of a model are called, in the order in which they are looked for. */
const weightNames = ["diffusion_pytorch_model", "model"] as const;

const fixedFiles = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  ...models.map((model) => `${model}/config.json`),
];

/**
 * Of all files of a repository, those that a checkpoint is opened from: configurations, tokenizer, and of each model the
 * weights in one file or in shards. Left out are the weights in other formats and precisions, the same weights a second time
 * in one file at the root, and images.
 */
export function selectNeededFiles(paths: readonly string[]): string[] {
  const weights = new Set(models.flatMap((model) => weightFiles(paths, model)));
  return paths.filter(
    (path) =>
      fixedFiles.includes(path) || /^tokenizer\/[\w.-]+\.(json|txt|jinja)$/.test(path) || weights.has(path),
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
): Promise<string[]> {
  const missing = fixedFiles.filter((file) => !paths.includes(file));
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
  for (const name of weightNames) {
    const single = `${model}/${name}.safetensors`;
    if (paths.includes(single)) return [single];
    const index = `${single}.index.json`;
    if (!paths.includes(index)) continue;
    const shard = new RegExp(`^${model}/${name}-\\d+-of-\\d+\\.safetensors$`);
    return [index, ...paths.filter((path) => shard.test(path))];
  }
  return [];
}
