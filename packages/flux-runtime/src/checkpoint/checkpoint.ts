import type { Lora } from "../lora/lora.ts";
import type { AutoencoderConfig } from "../models/autoencoder-config.ts";
import type { TextEncoderConfig } from "../models/text-encoder-config.ts";
import type { TransformerConfig } from "../models/transformer-config.ts";
import type { SchedulerConfig } from "../sampling/scheduler-config.ts";
import type { ComponentWeights } from "./component-weights.ts";

/** One model of a checkpoint: what it is, and where its weights lie. */
export interface CheckpointComponent<Config> {
  /** What its `config.json` says, defaults filled in. */
  readonly config: Config;
  /** Absolute path of that `config.json`. */
  readonly configFile: string;
  /** Where its weights lie; none of them is read yet. */
  readonly weights: ComponentWeights;
}

/** A FLUX.2 Klein checkpoint in the Hugging Face layout. */
export interface Checkpoint {
  /** Absolute path. */
  readonly folder: string;
  /** A distilled model takes no guidance. */
  readonly isDistilled: boolean;
  /**
   * Whether the model was trained so that reference images attend to themselves only (a KV model). Its passes with references are
   * others than those here, so none are encoded for it.
   */
  readonly cachesReferences: boolean;
  /**
   * Whether weights in it were drawn by `synthesizeCheckpoint` or `randomizeCheckpoint`, which mark their files. Random
   * weights from elsewhere carry no mark.
   */
  readonly hasRandomWeights: boolean;
  /** `scheduler`: how noise levels fall. */
  readonly scheduler: SchedulerConfig;
  /** Absolute path of `tokenizer`. */
  readonly tokenizerFolder: string;
  /** `text_encoder`: prompts to embeddings. */
  readonly textEncoder: CheckpointComponent<TextEncoderConfig>;
  /** `transformer`: latents and embeddings to a velocity. */
  readonly transformer: CheckpointComponent<TransformerConfig>;
  /** `vae`: images to latents and back. */
  readonly autoencoder: CheckpointComponent<AutoencoderConfig>;
  /** Adapters with which the transformer computes wherever it is opened; none by default. */
  readonly loras: readonly Lora[];
}
