import type { ComputeType, Device, RotaryFrequencies } from "@measure-plantain/flux-runtime";
import type { AblationGranularity } from "../ablation/ablation.ts";

/** The folder of the steered images in the run folder. */
export const STEERING_FOLDER = "steering";
/** The record of the steered images in the run folder. */
export const STEERING_FILE = "steering/steering.json";

/** Everything that steered images depend on, in addition to the run itself. */
export interface SteeringSettings {
  /** What a unit is. */
  readonly granularity: AblationGranularity;
  /** `top:N`, `bottom:N`, `random:N`, or addresses, which are one set. */
  readonly units: readonly string[];
  /** How many matched random sets stand next to each set of the strongest units, and next to the named one. */
  readonly random: number;
  /** Seed of the random sets. */
  readonly setSeed: number;
  /** The factors, without 1. */
  readonly scale: readonly number[];
  /** What is rendered. */
  readonly prompts: readonly string[];
  /** Of the initial noise: each prompt is rendered with each of them. */
  readonly seeds: readonly number[];
  /** How each image is rendered. */
  readonly rendering: RenderingSettings;
}

/** How images are rendered. */
export interface RenderingSettings {
  /** Of the image, in pixels. */
  readonly width: number;
  /** Of the image, in pixels. */
  readonly height: number;
  /** Denoising steps. */
  readonly steps: number;
  /** Classifier-free guidance; units are scaled in both of its passes. */
  readonly guidance: number;
  /** Text tokens, padding included. */
  readonly maxSequenceLength: number;
  /** Of the text encoder: those whose hidden states are stacked. */
  readonly textEncoderLayers: readonly number[];
  /** Of the text encoder: exact, or rounded as by a cast of the whole model. */
  readonly rotaryFrequencies: RotaryFrequencies;
  /** Where the passes run. */
  readonly device: Device;
  /** Of the arithmetic. */
  readonly dtype: ComputeType;
  /** `mapped`: left in their files; `resident`: converted copies in memory. */
  readonly weights: "mapped" | "resident";
  /** Threads within an operator; null is ONNX Runtime's own choice. */
  readonly threads: number | null;
}

/** Units that are scaled together. */
export interface SteeredSet {
  /** `top 10`, `bottom 10`, `random 10` of all units, `named`, or `random 1 like top 10` of the same blocks and kinds. */
  readonly name: string;
  /** Addresses, of the strongest first; of the weakest first in a set of those. */
  readonly units: readonly string[];
  /** The mean of their |t| over all pairs of the run. */
  readonly meanAbsT: number;
}

/** One image of a steering. */
export interface SteeredImage {
  /** In the folder `steering`. */
  readonly file: string;
  /** Of the file. */
  readonly sha256: string;
  /** A hash over everything that the image depends on: it is rendered again when that changes. */
  readonly key: string;
  /** Index of its prompt in the settings. */
  readonly prompt: number;
  /** Of the initial noise. */
  readonly seed: number;
  /** Index of the set whose units were scaled; `null` for the unsteered image. */
  readonly set: number | null;
  /** By what they were scaled; 1 for the unsteered image. */
  readonly scale: number;
  /** The mean of |Δ| over all pixels and colours, of 255, to the unsteered image of this prompt and seed. */
  readonly difference: number;
}

/** `steering/steering.json`. */
export interface Steering {
  /** Of this form. */
  readonly schemaVersion: 1;
  /** Of the run's `captures.safetensors`, by which the units were ranked. */
  readonly capturesSha256: string | null;
  /** What the images depend on. */
  readonly settings: SteeringSettings;
  /** The sets, in the order in which they were asked for. */
  readonly sets: readonly SteeredSet[];
  /** Those that are done: for each prompt and seed the unsteered one, then each set by each factor. */
  readonly images: readonly SteeredImage[];
}
