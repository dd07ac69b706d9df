import type { SafetensorsDtype } from "./safetensors-dtype.ts";

/** A kind of weights that this package does not read. */
export interface ForeignWeights {
  /** What they are, as in "the folder holds …". */
  readonly what: string;
  /** What shows it: a tensor or a file. */
  readonly evidence: string;
  /** What to use in their place. */
  readonly advice: string;
}

/** As much of a weight as shows what kind it is of. */
interface WeightSign {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
}

interface Kind extends Omit<ForeignWeights, "evidence"> {
  readonly shows: (sign: WeightSign) => boolean;
}

/** What to do about weights that were quantised in another way than those that are read. */
export const QUANTIZED_ADVICE =
  "Use weights that were published in BF16, F16 or F32, or in fp8 (F8_E4M3, F8_E5M2) with one scale for each tensor or row.";
const ADAPTER =
  "Open the checkpoint that it changes, and give it as the option `loras`; or merge it there (fuse_lora of diffusers).";
const OTHER_LAYOUT =
  "Name a folder in the Hugging Face layout (model_index.json, transformer/, text_encoder/, vae/); weights in a file of their own are given as the options `transformer`, `textEncoder` and `autoencoder`.";

const named =
  (pattern: RegExp): Kind["shows"] =>
  ({ name }) =>
    pattern.test(name);

/** In the order in which they are tried: a quantised weight shows by names first, which say by what it was quantised. */
const kinds: readonly Kind[] = [
  {
    what: "weights that bitsandbytes quantised (4 or 8 bits)",
    shows: named(/\.(?:(?:nested_)?(?:absmax|quant_map)|quant_state\.bitsandbytes__\w+|SCB|weight_format)$/),
    advice: QUANTIZED_ADVICE,
  },
  {
    what: "weights quantised by GPTQ, AWQ or a relative of theirs",
    shows: named(/\.(?:qweight|qzeros|g_idx|wscales)$/),
    advice: QUANTIZED_ADVICE,
  },
  { what: "weights quantised for MLX", shows: named(/\.biases$/), advice: QUANTIZED_ADVICE },
  {
    what: "weights that torchao, quanto or compressed-tensors quantised",
    shows: named(/(?:\._data|\._scale|[:_](?:qdata|zero_point)|:scale|\.weight_(?:packed|shape))$/),
    advice: QUANTIZED_ADVICE,
  },
  {
    what: "weights in 4-bit or 6-bit floats (nvfp4, mxfp4, mxfp6)",
    shows: ({ dtype }) => /^F(?:4$|6_)/.test(dtype),
    advice: QUANTIZED_ADVICE,
  },
  {
    what: "weights in an fp8 of another kind (FNUZ, or exponents alone)",
    shows: ({ dtype }) => /^F8_(?:\w+FNUZ|E8M0)$/.test(dtype),
    advice: QUANTIZED_ADVICE,
  },
  {
    what: "scales of weights that are not there",
    shows: named(/(?:scale_weight|scale_input|(?:weight|input)_scale\w*)$/),
    advice: QUANTIZED_ADVICE,
  },
  {
    what: "an adapter (LoRA), which changes another checkpoint and is none itself",
    shows: named(/lora_|lokr_|hada_w|dora_scale/),
    advice: ADAPTER,
  },
  {
    // The names of FLUX.2 have been replaced by then.
    what: "a transformer of another model, or a part of one, under the names of a single file",
    shows: named(/(?:^|\.)(?:(?:double|single)_blocks\.\d+\.|(?:img|txt|time)_in\.)/),
    advice: OTHER_LAYOUT,
  },
  {
    what: "a text encoder under the names of llama.cpp",
    shows: named(/^(?:blk\.\d+\.|token_embd\.)/),
    advice: QUANTIZED_ADVICE,
  },
  {
    what: "weights in integers, which a quantisation made",
    shows: ({ name, dtype }) => /^[UI]/.test(dtype) && name.endsWith(".weight"),
    advice: QUANTIZED_ADVICE,
  },
];

/** What kind of weights these are, if they are of one that is known and not read here. */
export function recognizeWeights(signs: readonly WeightSign[]): ForeignWeights | undefined {
  for (const { shows, ...kind } of kinds) {
    const sign = signs.find(shows);
    if (sign !== undefined) return { ...kind, evidence: `the tensor ${sign.name} of ${sign.dtype}` };
  }
  return undefined;
}

const fileKinds: readonly { readonly pattern: RegExp; readonly what: string; readonly advice: string }[] = [
  {
    pattern: /\.gguf$/i,
    what: "weights of one model for llama.cpp or ComfyUI (GGUF)",
    advice: "Give the file as the transformer or the text encoder of a checkpoint folder, by its path.",
  },
  {
    pattern: /^adapter_(?:config|model)\.|lora.*\.safetensors$/i,
    what: "an adapter (LoRA), which changes another checkpoint and is none itself",
    advice: ADAPTER,
  },
  {
    pattern: /\.(?:bin|pt|pth|ckpt)$/i,
    what: "weights that PyTorch pickled",
    advice: "Load them in PyTorch, and save them as safetensors (save_pretrained).",
  },
  { pattern: /\.(?:npz|h5|msgpack|onnx)$/i, what: "weights of another format", advice: OTHER_LAYOUT },
  {
    pattern: /\.safetensors$/i,
    what: "a checkpoint in a single file, as ComfyUI loads it",
    advice: OTHER_LAYOUT,
  },
];

/** What kind of weights files of these names hold, if there are any. */
export function recognizeFiles(files: readonly string[]): ForeignWeights | undefined {
  for (const { pattern, ...kind } of fileKinds) {
    const file = files.find((name) => pattern.test(name));
    if (file !== undefined) return { ...kind, evidence: file };
  }
  return undefined;
}
