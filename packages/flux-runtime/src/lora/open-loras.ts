import { realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { locateAmong } from "../checkpoint/component-weights.ts";
import type { LocatedWeight } from "../checkpoint/located-weight.ts";
import { renameInTransformer } from "../checkpoint/native-names.ts";
import { readTensor } from "../checkpoint/read-safetensors.ts";
import { readSafetensorsHeader } from "../checkpoint/safetensors-header.ts";
import { FluxRuntimeError } from "../errors.ts";
import type { LowRankLayer } from "../graph/low-rank-adapter.ts";
import { transformerTensors } from "../models/required-tensors.ts";
import type { TransformerConfig } from "../models/transformer-config.ts";
import { findConfigInHeader, readAdapterConfig, scalingOf, type AdapterConfig } from "./adapter-config.ts";
import { findLoraFiles } from "./find-lora-files.ts";
import { createLayerNamer } from "./layer-names.ts";
import { groupLoraModules, type LoraModule } from "./lora-modules.ts";
import type { Lora, LoraChoice } from "./lora.ts";

/**
 * Opens adapters of a transformer: reads the headers of their files, matches every tensor with a linear layer, and reads no matrix.
 * The names of diffusers, PEFT, Kohya's scripts and Black Forest Labs are known, the factor alpha / rank comes from the file's alphas,
 * from `adapter_config.json` or from the header, in this order, and is 1 where there is none of them.
 *
 * @throws {FluxRuntimeError} `invalid-argument` for a scale that is not a finite number; `unsupported-weights` for an adapter of
 * a kind that is not read; `unexpected-tensor` for a layer that the transformer does not have; `shape-mismatch`; as
 * {@link findLoraFiles}, {@link groupLoraModules}, {@link readAdapterConfig} and `readSafetensorsHeader` do.
 *
 * Source: diffusers `_convert_non_diffusers_flux2_lora_to_diffusers` and `_convert_kohya_flux2_lora_to_diffusers`
 * (loaders/lora_conversion_utils.py).
 */
export async function openLoras(choices: readonly LoraChoice[], config: TransformerConfig): Promise<Lora[]> {
  if (choices.length === 0) return [];
  const matrices = transformerTensors(config).filter(({ shape }) => shape.length === 2);
  const sizes = new Map(matrices.map(({ name, shape }) => [name.slice(0, -".weight".length), shape]));
  const model: AdaptedModel = { sizes, nameOf: createLayerNamer(config, sizes.keys()) };
  const loras: Lora[] = [];
  for (const [index, choice] of choices.entries()) loras.push(await openLora(choice, model, index));
  return loras;
}

/** What adapters are matched with. */
interface AdaptedModel {
  /** [out, in] of each linear layer, by its path. */
  readonly sizes: ReadonlyMap<string, readonly number[]>;
  /** The path of a module in the model, or in the makers' own code. */
  readonly nameOf: (module: string) => string;
}

async function openLora(
  { file: given, scale = 1 }: LoraChoice,
  model: AdaptedModel,
  index: number,
): Promise<Lora> {
  if (!Number.isFinite(scale)) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `The scale of the adapter ${given} must be a finite number, but is ${scale}. Use 1 for the adapter as it was trained.`,
      { option: "loras", file: given, received: scale },
    );
  }
  const found = await findLoraFiles(given);
  const file = found.weights;
  const header = await readSafetensorsHeader(file);
  const modules = groupLoraModules(header.tensors, file);
  if (modules.size === 0) {
    throw new FluxRuntimeError(
      "missing-tensor",
      `${file} holds no tensor, so that it changes nothing. Fetch or save the adapter again.`,
      { option: "loras", file },
    );
  }
  const config =
    found.config === undefined
      ? findConfigInHeader(header.metadata, file)
      : await readAdapterConfig(found.config);

  const real = await realpath(file);
  const place = { file, location: basename(real) };
  const layers = new Map<string, LowRankLayer>();
  const tensors = new Map<string, LocatedWeight>();
  for (const [path, { module, ...parts }] of matchLayers(modules, model, place)) {
    const rank = parts.up.shape[1] ?? 0;
    const factor = scale * (await readScaling(module, modules.get(module), { file, config, rank }));
    const [down, up] = [`${path}.lora_A.${index}`, `${path}.lora_B.${index}`] as const;
    tensors.set(`${down}.weight`, parts.down);
    tensors.set(`${up}.weight`, parts.up);
    layers.set(path, { rank, factor, down, up });
  }
  const weights = {
    folder: file,
    tensors,
    externalDataFolder: dirname(real),
    locate: locateAmong(file, tensors),
  };
  return { file, files: [file, ...(found.config ? [found.config] : [])], scale, layers, weights };
}

/** The matrices of a layer, and the module of the file that they belong to. */
interface MatchedLayer {
  readonly module: string;
  readonly down: LocatedWeight;
  readonly up: LocatedWeight;
}

/** One module may be several layers: a fused projection is in rows of its matrix `up`, as it is in rows of the weight. */
function matchLayers(
  modules: ReadonlyMap<string, LoraModule>,
  { sizes, nameOf }: AdaptedModel,
  place: { readonly file: string; readonly location: string },
): ReadonlyMap<string, MatchedLayer> {
  const { file } = place;
  const named = [...modules].flatMap(([module, { down, up }]) => {
    const weight = { ...up, ...place };
    const parts = renameInTransformer([`${nameOf(module)}.weight`, weight]);
    return parts.map(([name, part]) => {
      const rows = parts.length;
      return { path: name.slice(0, -".weight".length), module, rows, up: part, down: { ...down, ...place } };
    });
  });
  const unknown = named.filter(({ path }) => !sizes.has(path));
  const [first] = unknown;
  if (first !== undefined) {
    throw new FluxRuntimeError(
      "unexpected-tensor",
      `${file} changes ${unknown.length} layers that the transformer does not have, ${first.module} among them; ${named.length - unknown.length} others match. It belongs to another model, or is named in a way that is not known. Use an adapter of this model.`,
      { option: "loras", file, modules: unknown.map(({ module }) => module) },
    );
  }
  const layers = new Map<string, MatchedLayer>();
  for (const { path, module, rows, down, up } of named) {
    const other = layers.get(path);
    if (other !== undefined) {
      throw new FluxRuntimeError(
        "inconsistent-weights",
        `${file} changes the layer ${path} twice: as ${other.module} and as ${module}. Save each adapter in a file of its own, and give them all.`,
        { option: "loras", file, layer: path },
      );
    }
    const [out = 0, columns] = sizes.get(path) ?? [];
    if (up.shape[0] !== out || down.shape[1] !== columns) {
      const received = [(up.shape[0] ?? 0) * rows, down.shape[1] ?? 0];
      throw new FluxRuntimeError(
        "shape-mismatch",
        `The adapter of ${module} in ${file} is for a weight of another size: the transformer has [${out * rows}, ${columns}], the adapter's product [${received.join(", ")}]. Use an adapter of this model: one of 9B does not fit 4B.`,
        { option: "loras", file, module, expected: [out * rows, columns], received },
      );
    }
    layers.set(path, { module, down, up });
  }
  return layers;
}

/** With which the product of a module's matrices is multiplied, before the scale that was asked for. */
async function readScaling(
  module: string,
  { alpha }: Partial<LoraModule> = {},
  { file, config, rank }: { file: string; config: AdapterConfig | undefined; rank: number },
): Promise<number> {
  if (alpha === undefined) return config === undefined ? 1 : scalingOf(config, module, rank);
  const [value = Number.NaN] = (await readTensor(file, alpha)).data;
  if (Number.isFinite(value)) return value / rank;
  throw new FluxRuntimeError(
    "invalid-argument",
    `The alpha of ${module} in ${file} must be a finite number, but is ${value}. Save the adapter again.`,
    { option: "loras", file, module, received: value },
  );
}
