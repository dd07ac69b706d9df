import { realpath } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import { isGgufFile, provideGgufWeights } from "../gguf/convert-gguf.ts";
import { commonFolder } from "./common-folder.ts";
import { renameNativeWeights } from "./native-names.ts";
import type { LocatedWeight } from "./located-weight.ts";
import { openWeightFile, openWeights } from "./sharded-weights.ts";
import { attachScales } from "./weight-scales.ts";

/** The weights of one model of a checkpoint. */
export interface ComponentWeights {
  /**
   * The place of a weight.
   *
   * @throws {FluxRuntimeError} `missing-tensor` where the weights lack it; `shape-mismatch` where its shape is another.
   */
  locate(name: string, shape: readonly number[]): LocatedWeight;
  /** The folder, or the file, that was opened; of a GGUF file the one that it was converted to. */
  readonly folder: string;
  /** Every weight by its name in the checkpoint. */
  readonly tensors: ReadonlyMap<string, LocatedWeight>;
  /**
   * The deepest folder below which every weight file really lies. ONNX Runtime refuses a link that leads out of the folder
   * it is given, and a Hugging Face cache is made of such links: so the links are followed here, and the folder is the one
   * that holds the files themselves.
   */
  readonly externalDataFolder: string;
}

/**
 * Opens the weights of one model, in a folder or in one file; only headers are read, links are followed. Weights under the names
 * of the makers' own code get those of diffusers, and quantised ones their scales. A GGUF file is converted the first time.
 *
 * @throws {FluxRuntimeError} as `openWeights`, `openWeightFile`, `attachScales` and `provideGgufWeights` do.
 */
export async function openComponentWeights(folder: string): Promise<ComponentWeights> {
  const source = isGgufFile(folder) ? await provideGgufWeights(folder) : folder;
  const weights = await (isWeightFile(source) ? openWeightFile(source) : openWeights(source));
  const files = [...new Set([...weights.values()].map((entry) => entry.file))];
  const realFiles = new Map(
    await Promise.all(files.map(async (file) => [file, await realpath(file)] as const)),
  );
  const externalDataFolder = commonFolder([...realFiles.values()].map((file) => dirname(file)));
  const located = new Map(
    [...weights].map(([name, entry]) => {
      const realFile = realFiles.get(entry.file) ?? entry.file;
      const location = relative(externalDataFolder, realFile).split(sep).join("/");
      return [name, { ...entry, location }];
    }),
  );
  const tensors = renameNativeWeights(await attachScales(located));
  const root = resolve(source);
  return {
    folder: root,
    tensors,
    externalDataFolder,
    locate: locateAmong(root, tensors),
  };
}

/** Looks weights up, and requires them to have the shape that is asked for. */
export function locateAmong(
  folder: string,
  tensors: ReadonlyMap<string, LocatedWeight>,
): ComponentWeights["locate"] {
  return (name, shape) => locate(folder, tensors, name, shape);
}

/** Whether a path names a file with all weights of a model, and not a folder. */
export function isWeightFile(path: string): boolean {
  return /\.(?:safetensors|sft)$/i.test(path);
}

function locate(
  folder: string,
  tensors: ReadonlyMap<string, LocatedWeight>,
  name: string,
  shape: readonly number[],
): LocatedWeight {
  const weight = tensors.get(name);
  if (weight === undefined) {
    throw new FluxRuntimeError(
      "missing-tensor",
      `${folder} holds no tensor ${name} of shape [${shape.join(", ")}]. Check that the weights are complete and belong to the configuration beside them.`,
      { folder, tensor: name, expected: shape },
    );
  }
  if (weight.shape.length !== shape.length || weight.shape.some((length, axis) => length !== shape[axis])) {
    throw new FluxRuntimeError(
      "shape-mismatch",
      `The tensor ${name} in ${weight.file} has another shape: the configuration expects [${shape.join(", ")}], the file holds [${weight.shape.join(", ")}]. Use the config.json that belongs to these weights.`,
      { tensor: name, file: weight.file, expected: shape, received: weight.shape },
    );
  }
  return weight;
}
