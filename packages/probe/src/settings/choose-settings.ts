import {
  chooseBatch,
  chooseComputeType,
  chooseWeights,
  chooseTextEncoderLayers,
  defaultThreads,
  DEFAULT_MAX_SEQUENCE_LENGTH,
  tokenGrid,
  type ComputeType,
  type Device,
  type RotaryFrequencies,
} from "@measure-plantain/flux-runtime";
import { listReferences, type PromptSet, type Reference } from "@measure-plantain/prompts";
import { readFile } from "node:fs/promises";
import { ProbeError } from "../probe-error.ts";
import { sha256 } from "../sha256.ts";
import { fingerprintCheckpoint } from "./fingerprint-checkpoint.ts";
import { chooseGroupSize, type OptionalTap } from "../captures/plan-taps.ts";
import { referenceFileSize } from "../passes/prepare-references.ts";
import type { ProbedCheckpoint } from "./probed-checkpoint.ts";
import { hashPromptSet, type CaptureKind, type ProbeSettings, type ReferenceSettings } from "./settings.ts";

/** What the captured numbers depend on; what is left out has its default. */
export interface SettingOptions {
  /** The fixed images, as files; by default they are rendered from the prompt set's recipes. */
  readonly referenceFiles?: readonly string[] | undefined;
  /** How many images are rendered, with as many seeds. */
  readonly referenceCount?: number | undefined;
  /** Of the rendered images, in place of what the recipes say. */
  readonly referenceSeed?: number | undefined;
  /** Denoising steps of the rendered images. */
  readonly referenceSteps?: number | undefined;
  /** Guidance of the rendered images. */
  readonly referenceGuidance?: number | undefined;
  /** Noises that every pass is repeated with and averaged over; by default `[0]`. */
  readonly noiseSeeds?: readonly number[] | undefined;
  /** `independent`: another noise for each pass, instead of the same for all. */
  readonly noise?: "shared" | "independent" | undefined;
  /** Noise levels that every pass is repeated at and averaged over; by default `[1]`, pure noise. */
  readonly sigmas?: readonly number[] | undefined;
  /** Pixels; by default the given image's, else the prompt set's, and 128 for the tiny checkpoint. */
  readonly width?: number | undefined;
  /** Pixels, likewise. */
  readonly height?: number | undefined;
  /** Text tokens, padding included. */
  readonly maxSequenceLength?: number | undefined;
  /** Of the arithmetic; by default the device's. */
  readonly dtype?: ComputeType | undefined;
  /** `mapped` (the default) leaves them in their files; `resident`, faster, keeps converted copies in memory. */
  readonly weights?: "mapped" | "resident" | undefined;
  /** Passes that are run together; by default what fits the device. */
  readonly batch?: number | "auto" | undefined;
  /** Threads within an operator; by default what the machine needs, else ONNX Runtime's choice. */
  readonly threads?: number | undefined;
  /** `signed` also captures the mean of every channel over the tokens; by default `mean-square`. */
  readonly capture?: CaptureKind | undefined;
  /** Projections that are captured beyond those of the published probe. */
  readonly taps?: readonly OptionalTap[] | undefined;
  /** Captures the tokens of each segment (template, prompt, padding, noise, reference) apart, too. */
  readonly segments?: boolean | undefined;
  /** Layers of the text encoder whose hidden states make an embedding; by default the pipeline's 9, 18 and 27. */
  readonly textEncoderLayers?: readonly number[] | undefined;
  /** Of the text encoder; rounded, to compare with a reference that was cast as a whole. */
  readonly rotaryFrequencies?: RotaryFrequencies | undefined;
  /** Puts the SHA-256 of every weight file into the manifest. */
  readonly fullHash?: boolean | undefined;
}

/** Pixels of a side where nobody says otherwise: what Klein was made for, and what the tiny checkpoint does in seconds. */
const DEFAULT_SIDE = { tiny: 128, other: 1_024 } as const;

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Turns options and their defaults into the settings that the captured numbers depend on.
 *
 * @throws {ProbeError} `invalid-option`; FluxRuntimeError for a size that cannot be made.
 */
export async function chooseSettings(
  { id, source, checkpoint, change }: ProbedCheckpoint,
  promptSet: PromptSet,
  options: SettingOptions,
  { device }: { readonly device: Device },
): Promise<ProbeSettings> {
  const recipes = listReferences(promptSet);
  const given = await Promise.all((options.referenceFiles ?? []).map(referenceFileSize));
  const isTiny = (source?.checkpoint ?? id) === "tiny";
  const wished = given[0] ?? (isTiny ? undefined : recipes[0]);
  const side = isTiny ? DEFAULT_SIDE.tiny : DEFAULT_SIDE.other;
  const width = options.width ?? wished?.width ?? side;
  const height = options.height ?? wished?.height ?? side;
  const grid = tokenGrid(checkpoint, { width, height }); // refuses a bad size before anything is written
  const references = await planReferences(recipes, options, { width, height });
  const sizes = references.map((_, index): Size => given[index] ?? { width, height });
  const { sigmas = [1], noiseSeeds = [0], noise = "shared", batch = "auto", fullHash = false } = options;
  if (sigmas.some((sigma) => sigma < 1)) requireBlendable(sizes, { width, height });

  const maxSequenceLength = options.maxSequenceLength ?? DEFAULT_MAX_SEQUENCE_LENGTH;
  const dtype = chooseComputeType({ device, ...(options.dtype !== undefined && { dtype: options.dtype }) });
  const images = Math.max(0, ...sizes.map((size) => (size.width * size.height) / (width * height)));
  const tokens = maxSequenceLength + grid.width * grid.height * (1 + images);
  const { name, version, pairs } = promptSet;
  return {
    checkpoint: {
      id,
      ...(source && { source }),
      ...(change && { change }),
      files: await fingerprintCheckpoint(checkpoint, { full: fullHash }),
    },
    promptSet: { name, version, sha256: await hashPromptSet(promptSet), pairs: pairs.length },
    references,
    noiseSeeds,
    noise,
    sigmas,
    width,
    height,
    maxSequenceLength,
    steps: 1,
    guidance: 1,
    groupSize: chooseGroupSize(checkpoint),
    capture: options.capture ?? "mean-square",
    taps: options.taps ?? [],
    segments: options.segments ?? false,
    textEncoderLayers: chooseTextEncoderLayers(checkpoint, options.textEncoderLayers),
    rotaryFrequencies: options.rotaryFrequencies ?? "float32",
    device,
    dtype,
    weights: chooseWeights({ device, weights: options.weights }),
    batch: batch === "auto" ? await chooseBatch(checkpoint, { device, dtype, tokens }) : batch,
    threads: options.threads ?? defaultThreads() ?? null,
  };
}

/** The given files, or every recipe of the prompt set, each rendered from as many seeds as make the asked number. */
async function planReferences(
  recipes: readonly Reference[],
  {
    referenceFiles: files,
    referenceCount: count,
    referenceSeed,
    referenceSteps,
    referenceGuidance,
  }: SettingOptions,
  { width, height }: Size,
): Promise<ReferenceSettings[]> {
  if (files !== undefined) {
    if (count !== undefined)
      throw new ProbeError(
        "invalid-option",
        "Give the fixed images as files with the option `referenceFiles`, or their number with the option `referenceCount`.",
        { option: "referenceCount" },
      );
    return Promise.all(
      files.map(async (path) => ({ kind: "file", sha256: sha256(await readFile(path)) }) as const),
    );
  }
  if (recipes.length === 0 && count !== undefined)
    throw new ProbeError(
      "invalid-option",
      "The prompt set describes no fixed image, so the option `referenceCount` has nothing to render.",
      { option: "referenceCount" },
    );
  return Array.from({ length: recipes.length === 0 ? 0 : (count ?? recipes.length) }, (_, index) => {
    const recipe = recipes[index % recipes.length] ?? unreachable();
    return {
      kind: "generated",
      prompt: recipe.prompt,
      seed: (referenceSeed ?? recipe.seed) + Math.floor(index / recipes.length),
      steps: referenceSteps ?? recipe.steps,
      guidance: referenceGuidance ?? recipe.guidance,
      width,
      height,
    };
  });
}

function unreachable(): never {
  throw new RangeError("an index modulo the length lies within");
}

/** A noise level below 1 lays the noise over a fixed image, which therefore has to be there and of the size that is made. */
function requireBlendable(references: readonly Size[], { width, height }: Size): void {
  const misfit = references.find((size) => size.width !== width || size.height !== height);
  if (references.length > 0 && misfit === undefined) return;
  throw new ProbeError(
    "invalid-option",
    `The option \`sigmas\` below 1 lays the noise over the fixed image, ${
      misfit === undefined
        ? "and the prompt set has none. Give one with the option `referenceFiles`"
        : `which is ${misfit.width} × ${misfit.height} pixels where ${width} × ${height} are made. Give the option \`width: ${misfit.width}\` and the option \`height: ${misfit.height}\``
    }, or leave the option \`sigmas\` out.`,
    { option: "sigmas" },
  );
}
