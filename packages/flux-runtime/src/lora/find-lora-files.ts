import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import { pathExists } from "../path-exists.ts";

/** What PEFT and diffusers call an adapter's weights. */
const WEIGHT_NAMES = ["adapter_model.safetensors", "pytorch_lora_weights.safetensors"] as const;

const CONFIG_NAME = "adapter_config.json";

/** The files of an adapter. */
export interface LoraFiles {
  /** Absolute path of the weights. */
  readonly weights: string;
  /** Absolute path of PEFT's configuration; absent where there is none. */
  readonly config?: string;
}

/**
 * Finds the weights and the configuration of an adapter. A file of another name than PEFT's is read alone: the configuration next to
 * it may be that of another adapter.
 *
 * @throws {FluxRuntimeError} `unreadable-file` if the file or folder does not exist; `missing-weights` if a folder has no
 * weights, or several that could be meant.
 */
export async function findLoraFiles(path: string): Promise<LoraFiles> {
  const given = resolve(path);
  const stats = await stat(given).catch((cause: unknown) => {
    throw new FluxRuntimeError(
      "unreadable-file",
      `There is no adapter ${given}. Give the path of a safetensors file, or of a folder with one.`,
      { option: "loras", file: given },
      { cause },
    );
  });
  const weights = stats.isDirectory() ? await findWeights(given) : given;
  const config = join(dirname(weights), CONFIG_NAME);
  const isPeft = stats.isDirectory() || basename(weights) === WEIGHT_NAMES[0];
  return isPeft && (await pathExists(config)) ? { weights, config } : { weights };
}

async function findWeights(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".safetensors"));
  const known = WEIGHT_NAMES.find((name) => files.includes(name));
  const [only, ...more] = files;
  const found = known ?? (more.length === 0 ? only : undefined);
  if (found !== undefined) return join(folder, found);
  throw new FluxRuntimeError(
    "missing-weights",
    `The folder ${folder} holds no adapter: expected ${WEIGHT_NAMES.join(" or ")}, or a single safetensors file, found ${files.join(", ") || "no .safetensors file"}. Give the path of the file itself.`,
    { option: "loras", folder, files },
  );
}
