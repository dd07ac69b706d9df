import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { CONFIGURATION_FILES, MODEL_FOLDERS } from "./checkpoint-files.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** Every file of a checkpoint but the weights and their indexes, by its path within the checkpoint. */
export async function listConfigurationFiles({ tokenizerFolder }: Checkpoint): Promise<string[]> {
  const tokenizerFiles = (await readdir(tokenizerFolder)).map((file) => `tokenizer/${file}`);
  return [...new Set([...CONFIGURATION_FILES, ...tokenizerFiles])];
}

/** The weight files of a checkpoint and the indexes of their shards, by their paths within the checkpoint. */
export async function listWeightFiles({
  textEncoder,
  transformer,
  autoencoder,
}: Checkpoint): Promise<string[]> {
  const components = { text_encoder: textEncoder, transformer, vae: autoencoder };
  const files = await Promise.all(
    MODEL_FOLDERS.map(async (name) => {
      const { weights } = components[name];
      const files = new Set(
        [...weights.tensors.values()].flatMap(({ file, scale }) =>
          [file, scale?.file ?? file].map((path) => basename(path)),
        ),
      );
      const indexes = (await readdir(weights.folder)).filter((file) =>
        file.endsWith(".safetensors.index.json"),
      );
      return [...indexes, ...files].map((file) => join(name, file));
    }),
  );
  return files.flat();
}
