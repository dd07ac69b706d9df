/** The folder of one of a checkpoint's models. */
export type ModelFolder = "text_encoder" | "transformer" | "vae";
/** All of them; each holds a configuration and weights. */
export const MODEL_FOLDERS: readonly ModelFolder[] = ["text_encoder", "transformer", "vae"];

/** What weight files are called before `.safetensors` or a shard's number, in the order in which they are looked for. */
export const WEIGHT_BASE_NAMES = ["diffusion_pytorch_model", "model"] as const;

/** The configurations without which a checkpoint cannot be opened, by their paths within it. */
export const CONFIGURATION_FILES: readonly string[] = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  "transformer/config.json",
  "vae/config.json",
];
