/** A tensor of an adapter file: of which module, and which part of what is added there. */
export interface LoraKey {
  /** As the file calls it, without the prefix of a program. */
  readonly module: string;
  readonly part: "down" | "up" | "alpha";
}

/**
 * The endings of PEFT and diffusers (`lora_A`, with the adapter's name behind where PEFT wrote its whole state), of Kohya's
 * scripts and ComfyUI (`lora_down`), and of earlier versions of diffusers (`lora.down`).
 *
 * Source: `LoRAAdapter.load` of ComfyUI (comfy/weight_adapter/lora.py), `_convert_kohya_flux2_lora_to_diffusers` of diffusers.
 */
const ENDINGS: readonly (readonly [ending: RegExp, part: LoraKey["part"]])[] = [
  [/\.lora_A(?:\.[^.]+)?\.weight$/, "down"],
  [/\.lora_B(?:\.[^.]+)?\.weight$/, "up"],
  [/(?:\.lora_|[._]lora\.|\.lora_linear_layer\.)down\.weight$/, "down"],
  [/(?:\.lora_|[._]lora\.|\.lora_linear_layer\.)up\.weight$/, "up"],
  [/\.alpha$/, "alpha"],
];

/** What programs put before the path of a module. */
const PREFIX = /^(?:base_model\.model|model\.diffusion_model|diffusion_model|transformer|unet)\./;

/** The module and the part of a tensor; none for a name of another form. */
export function parseLoraKey(name: string): LoraKey | undefined {
  for (const [ending, part] of ENDINGS) {
    const at = name.search(ending);
    if (at > 0) return { module: withoutPrefixes(name.slice(0, at)), part };
  }
  return undefined;
}

/** There may be several, as in `base_model.model.diffusion_model.`. */
function withoutPrefixes(path: string): string {
  const rest = path.replace(PREFIX, "");
  return rest === path ? path : withoutPrefixes(rest);
}

/** Kinds of adapters that are not read, by the names of their tensors. */
const FOREIGN: readonly (readonly [what: string, shows: RegExp])[] = [
  ["an adapter of the text encoder", /^(?:base_model\.model\.)?(?:text_encoders?[._\d]|lora_te\d*_)/],
  ["an adapter of the text encoder", /(?:^|\.)layers\.\d+\.(?:self_attn|mlp)\./],
  ["DoRA, which scales each row of the weight too", /dora_scale|lora_magnitude_vector/],
  ["LoHa, a product of two low-rank products", /\.hada_/],
  ["LoKr, a Kronecker product", /\.lokr_/],
  ["GLoRA", /\.[ab][12]\.weight$/],
  ["OFT, a rotation of the weight", /\.oft_/],
  ["an adapter of convolutions (LoCon)", /\.lora_mid\./],
  ["an adapter with biases", /\.lora_(?:B|up)\b.*\.bias$/],
  ["whole differences of weights", /\.(?:diff|diff_b|w_norm|b_norm|set_weight|reshape_weight)$/],
  ["an adapter of an embedding table", /\.lora_embedding_/],
];

/** What kind of adapter a tensor belongs to, if it is one that is known and not read. */
export function recognizeForeignKey(name: string): string | undefined {
  return FOREIGN.find(([, shows]) => shows.test(name))?.[0];
}
