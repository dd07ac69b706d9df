import type { ComponentWeights } from "../checkpoint/component-weights.ts";
import type { LowRankAdapter } from "../graph/low-rank-adapter.ts";

/** An adapter (LoRA) that a checkpoint is opened with. */
export interface LoraChoice {
  /** A safetensors file, or a folder with one and perhaps an `adapter_config.json`, as PEFT saves it. */
  readonly file: string;
  /** With which all that it adds is multiplied: 1 by default, 0 for nothing, and it may be negative. */
  readonly scale?: number;
}

/**
 * An adapter of the transformer: for some linear layers, W + scale · (alpha / rank) · up · down takes the place of W. The sum is
 * never computed: a graph adds the product with the small matrices to that with the large one, and no weight is copied.
 */
export interface Lora extends LowRankAdapter {
  /** Absolute path of its safetensors file. */
  readonly file: string;
  /** Absolute paths of all files that decide what it is: the weights and, where it was read, the configuration. */
  readonly files: readonly string[];
  /** As it was asked for. */
  readonly scale: number;
  /** Where its matrices lie, by their names in graphs. */
  readonly weights: ComponentWeights;
}
