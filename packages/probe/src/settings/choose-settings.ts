import {
  chooseBatch,
  chooseComputeType,
  defaultThreads,
  DEFAULT_MAX_SEQUENCE_LENGTH,
  tokenGrid,
  type Checkpoint,
  type ComputeType,
  type Device,
} from "@measure-plantain/flux-runtime";
import { listReferences, type PromptSet, type Reference } from "@measure-plantain/prompts";
import { readFile } from "node:fs/promises";
import { UsageError } from "../probe-error.ts";
import { RunFolder } from "../run-folder/run-folder.ts";
import { fingerprintCheckpoint, sha256 } from "./fingerprint.ts";
import { chooseGroupSize, type OptionalTap } from "../captures/plan-taps.ts";
import { referenceFileSize } from "../passes/prepare-references.ts";
import type { ProbedCheckpoint } from "./probed-checkpoint.ts";
import { hashPromptSet, type ProbeSettings, type ReferenceSettings } from "./settings.ts";
import type { Shard } from "./shard.ts";

/** What the captured numbers depend on, as a user gives it; absent means the default. */
export interface SettingOptions {
  /** Image files. */
  readonly reference?: readonly string[];
  /** How many images are rendered, with as many seeds. */
  readonly references?: number;
  readonly referenceSeed?: number;
  readonly referenceSteps?: number;
  readonly referenceGuidance?: number;
  readonly seed: number;
  readonly noiseSeeds: number;
  readonly independentNoise: boolean;
  readonly sigmas: readonly number[];
  readonly width?: number;
  readonly height?: number;
  readonly maxSequenceLength?: number;
  readonly dtype?: ComputeType;
  readonly weights: "mapped" | "resident";
  readonly batch: number | "auto";
  readonly threads?: number;
  readonly tap: readonly OptionalTap[];
  readonly shard?: Shard;
  readonly segments: boolean;
  readonly ropeFrequencies: "float32" | "bfloat16";
  readonly fullHash: boolean;
}

/** Pixels of a side where nobody says otherwise: what Klein was made for, and what the tiny checkpoint does in seconds. */
const DEFAULT_SIDE = { tiny: 256, other: 1_024 } as const;

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Turns options and their defaults into the settings that the captured numbers depend on.
 *
 * @param out - The run folder: a batch that was chosen for the run that it holds is kept.
 * @throws UsageError, FluxRuntimeError for a size that cannot be made.
 */
export async function chooseSettings(
  { id, checkpoint, change }: ProbedCheckpoint,
  promptSet: PromptSet,
  options: SettingOptions,
  { device, out }: { readonly device: Device; readonly out: string },
): Promise<ProbeSettings> {
  const recipes = listReferences(promptSet);
  const given = await Promise.all((options.reference ?? []).map(referenceFileSize));
  const wished = given[0] ?? (id === "tiny" ? undefined : recipes[0]);
  const side = id === "tiny" ? DEFAULT_SIDE.tiny : DEFAULT_SIDE.other;
  const width = options.width ?? wished?.width ?? side;
  const height = options.height ?? wished?.height ?? side;
  const grid = tokenGrid(checkpoint, { width, height }); // refuses a bad size before anything is written
  const references = await planReferences(recipes, options, { width, height });
  const sizes = references.map((_, index): Size => given[index] ?? { width, height });
  if (options.sigmas.some((sigma) => sigma < 1)) requireBlendable(sizes, { width, height });

  const maxSequenceLength = options.maxSequenceLength ?? DEFAULT_MAX_SEQUENCE_LENGTH;
  const dtype = chooseComputeType({ device, ...(options.dtype !== undefined && { dtype: options.dtype }) });
  const images = Math.max(0, ...sizes.map((size) => (size.width * size.height) / (width * height)));
  const tokens = maxSequenceLength + grid.width * grid.height * (1 + images);
  const batch =
    options.batch === "auto"
      ? await chooseBatchFor(checkpoint, { device, dtype, tokens, out })
      : options.batch;
  const { name, version, pairs } = promptSet;
  return {
    checkpoint: {
      id,
      ...(change && { change }),
      files: await fingerprintCheckpoint(checkpoint, { full: options.fullHash }),
    },
    promptSet: { name, version, sha256: await hashPromptSet(promptSet), pairs: pairs.length },
    references,
    ...(options.shard !== undefined && { shard: options.shard }),
    noiseSeeds: Array.from({ length: options.noiseSeeds }, (_, index) => options.seed + index),
    noise: options.independentNoise ? "independent" : "shared",
    sigmas: options.sigmas,
    ...{ width, height, maxSequenceLength },
    steps: 1,
    guidance: 1,
    groupSize: chooseGroupSize(checkpoint),
    taps: options.tap,
    segments: options.segments,
    rotaryFrequencies: options.ropeFrequencies,
    ...{ device, dtype, weights: options.weights, batch },
    threads: options.threads ?? defaultThreads() ?? null,
  };
}

/** The given files, or every recipe of the prompt set, each rendered from as many seeds as make the asked number. */
async function planReferences(
  recipes: readonly Reference[],
  { reference: files, references: count, referenceSeed, referenceSteps, referenceGuidance }: SettingOptions,
  { width, height }: Size,
): Promise<ReferenceSettings[]> {
  if (files !== undefined) {
    if (count !== undefined)
      throw new UsageError(
        "Give the fixed images as files with --reference, or their number with --references.",
      );
    return Promise.all(
      files.map(async (path) => ({ kind: "file", sha256: sha256(await readFile(path)) }) as const),
    );
  }
  if (recipes.length === 0 && count !== undefined)
    throw new UsageError("The prompt set describes no fixed image, so --references has nothing to render.");
  return Array.from({ length: recipes.length === 0 ? 0 : (count ?? recipes.length) }, (_, index) => {
    const recipe = recipes[index % recipes.length] ?? unreachable();
    return {
      kind: "generated",
      prompt: recipe.prompt,
      seed: (referenceSeed ?? recipe.seed) + Math.floor(index / recipes.length),
      steps: referenceSteps ?? recipe.steps,
      guidance: referenceGuidance ?? recipe.guidance,
      ...{ width, height },
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
  throw new UsageError(
    `--sigmas below 1 lays the noise over the fixed image, ${
      misfit === undefined
        ? "and the prompt set has none. Give one with --reference"
        : `which is ${misfit.width} × ${misfit.height} pixels where ${width} × ${height} are made. Give --width ${misfit.width} --height ${misfit.height}`
    }, or leave --sigmas out.`,
  );
}

/** The batch of the run that the folder holds; else what fits the card. */
async function chooseBatchFor(
  checkpoint: Checkpoint,
  { device, dtype, tokens, out }: { device: Device; dtype: ComputeType; tokens: number; out: string },
): Promise<number> {
  const before = await RunFolder.openForReading(out).then(
    (folder) => folder.readManifest(),
    () => null, // no run yet; a folder of something else is refused when the run opens it
  );
  if (before !== null) return before.settings.batch;
  return chooseBatch(checkpoint, { device, dtype, tokens });
}
