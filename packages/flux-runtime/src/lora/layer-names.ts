import { listNativeLayers } from "../checkpoint/native-names.ts";
import type { TransformerConfig } from "../models/transformer-config.ts";

/** What Kohya's scripts, OneTrainer and LyCORIS put before a name. */
const PREFIX = /^(?:lora_(?:unet|transformer)|lycoris)_/;

/**
 * Makes a function that gives a module of an adapter the path that it has in the model or in the makers' own code: Kohya's scripts
 * write `_` for each `.`, which only a list of all paths can undo. Other names stay.
 *
 * Source: `model_lora_keys_unet` of ComfyUI (comfy/lora.py).
 */
export function createLayerNamer(
  { num_layers, num_single_layers }: TransformerConfig,
  layers: Iterable<string>,
): (module: string) => string {
  const paths = [...layers, ...listNativeLayers({ double: num_layers, single: num_single_layers })];
  const byUnderscores = new Map(paths.map((path) => [path.replaceAll(".", "_"), path]));
  return (module) => byUnderscores.get(module.replace(PREFIX, "")) ?? module;
}
