import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  CONFIGURATION_FILES,
  MODEL_FOLDERS,
  WEIGHT_BASE_NAMES,
  type ModelFolder,
} from "./checkpoint-files.ts";
import type { Checkpoint, CheckpointComponent } from "./checkpoint.ts";
import { isWeightFile } from "./component-weights.ts";

/** Where adapters would lie in a checkpoint folder, one after the other. */
const ADAPTERS_FOLDER = "loras";

/** A file of a checkpoint. */
export interface CheckpointFile {
  /** Its path within a checkpoint folder, with `/` between its parts. */
  readonly path: string;
  /** Where it lies: elsewhere if its model was given as a file or folder of its own. */
  readonly source: string;
}

/** Every file of a checkpoint that is not a weight or the index of weights. */
export async function listConfigurationFiles(checkpoint: Checkpoint): Promise<CheckpointFile[]> {
  const components = componentsOf(checkpoint);
  const tokenizerFiles = (await readdir(checkpoint.tokenizerFolder)).map((file) => `tokenizer/${file}`);
  const sourceOf = (path: string): string => {
    const model = MODEL_FOLDERS.find((name) => path === `${name}/config.json`);
    if (model !== undefined) return components[model].configFile;
    const [folder, file = ""] = path.split("/");
    return folder === "tokenizer" ? join(checkpoint.tokenizerFolder, file) : join(checkpoint.folder, path);
  };
  const paths = [...new Set([...CONFIGURATION_FILES, ...tokenizerFiles])];
  return paths.map((path) => ({ path, source: sourceOf(path) }));
}

/**
 * The files by whose contents a checkpoint is told from another: its configurations and then its weights, sorted by name
 * within a model, and those of its adapters.
 *
 * @example
 * const files = await listFingerprintedFiles(checkpoint);
 * files.at(-1); // { path: "vae/diffusion_pytorch_model.safetensors", source: "/models/flux2-vae.safetensors" }
 */
export async function listFingerprintedFiles(checkpoint: Checkpoint): Promise<CheckpointFile[]> {
  const configurations = await listConfigurationFiles(checkpoint);
  const weights = (await listWeightFiles(checkpoint)).filter(({ path }) => !path.endsWith(".index.json"));
  return [
    ...configurations.filter(({ path }) => CONFIGURATION_FILES.includes(path)),
    ...weights.toSorted((left, right) => (left.path < right.path ? -1 : 1)),
    ...checkpoint.loras.flatMap(({ files }, index) =>
      // Named alike, as models are, wherever they lie: the weights come first.
      files.map((source, place) => ({
        path: `${ADAPTERS_FOLDER}/${index}/${place === 0 ? "adapter_model.safetensors" : "adapter_config.json"}`,
        source,
      })),
    ),
  ];
}

/** The weight files of a checkpoint and the indexes of their shards. */
export async function listWeightFiles(checkpoint: Checkpoint): Promise<CheckpointFile[]> {
  const components = componentsOf(checkpoint);
  const files = await Promise.all(MODEL_FOLDERS.map((name) => listModelFiles(name, components[name])));
  return files.flat();
}

async function listModelFiles(
  name: ModelFolder,
  { weights: { folder, tensors } }: CheckpointComponent<unknown>,
): Promise<CheckpointFile[]> {
  if (isWeightFile(folder)) {
    const [diffusers, transformers] = WEIGHT_BASE_NAMES;
    const baseName = name === "text_encoder" ? transformers : diffusers;
    return [{ path: `${name}/${baseName}.safetensors`, source: folder }];
  }
  const files = new Set(
    [...tensors.values()].flatMap(({ file, scale }) =>
      [file, scale?.file ?? file].map((path) => basename(path)),
    ),
  );
  const indexes = (await readdir(folder)).filter((file) => file.endsWith(".safetensors.index.json"));
  return [...indexes, ...files].map((file) => ({ path: `${name}/${file}`, source: join(folder, file) }));
}

function componentsOf(checkpoint: Checkpoint): Record<ModelFolder, CheckpointComponent<unknown>> {
  const { textEncoder, transformer, autoencoder } = checkpoint;
  return { text_encoder: textEncoder, transformer, vae: autoencoder };
}
