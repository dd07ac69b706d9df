import { chooseDevice, type ComputeType, type DeviceName } from "@measure-plantain/flux-runtime";
import { MOST_PAIRS_ENUMERATED } from "@measure-plantain/paired-stats";
import {
  isPart,
  namePrompts,
  parseControls,
  planProbe,
  readWordCounts,
  runProbe,
  shardPairs,
  type CaptureKind,
  type Control,
  type OptionalTap,
  type PlanOptions,
  type Shard,
  type StoredPlan,
} from "@measure-plantain/probe";
import { loadPromptSet, type PromptSet } from "@measure-plantain/prompts";
import { DEFAULT_STATISTICS, type Flips } from "@measure-plantain/report";
import { basename, join } from "node:path";
import { ownPackage } from "../own-package.ts";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { UsageError } from "../usage-error.ts";
import { openGivenCheckpoint, type GivenCheckpoint } from "./open-given-checkpoint.ts";
import { showResults, type ResultOptions } from "./show-results.ts";

/** What a plan fixes of a run; absent means the default. */
export interface PlannedOptions extends GivenCheckpoint {
  readonly prompts: string;
  readonly wordCounts?: string;
  readonly reference?: readonly string[];
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
  readonly capture: CaptureKind;
  readonly tap: readonly OptionalTap[];
  readonly segments: boolean;
  readonly control: readonly string[];
  readonly textEncoderLayers?: readonly number[];
  readonly ropeFrequencies: "float32" | "bfloat16";
  readonly flips: Flips;
  readonly fullHash: boolean;
}

/** How a run is computed, which a plan leaves open. */
interface FreeOptions {
  readonly dtype?: ComputeType;
  readonly weights?: "mapped" | "resident";
  readonly threads?: number;
  readonly batch: number | "auto";
  readonly tracePlacement: boolean;
}

/** What `measure-plantain run` was told; absent means the default. */
export interface RunOptions extends PlannedOptions, FreeOptions, ResultOptions {
  /** What the run follows. */
  readonly plan?: StoredPlan;
  readonly out?: string;
  readonly shard?: Shard;
  readonly device: DeviceName;
}

/** Runs the probe and its controls and writes the results. */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  const display = createDisplay(options);
  const { shard } = options;
  const promptSet = await loadPromptSet(options.prompts);
  const controls = await parseControls(options.control, promptSet);
  requireEnumerable(options, promptSet, controls);
  const pairs = shardPairs(promptSet.pairs.length, shard);
  if (isPart(shard) && controls.length > 0)
    throw new UsageError("Controls belong to the whole run: leave out --control, or --shard.");
  // Before weights are fetched or made, which may take hours: everything else that can be wrong.
  const device = await chooseDevice(options.device);
  const planned = await planOptions(options);
  display.note(`Device: ${device.device} (${device.why}).`);

  const checkpoint = await openGivenCheckpoint(options, { display, signal });
  const plan = await planProbe(checkpoint, promptSet, { ...planned, device });
  const run = await runProbe(plan, folderOf(options, promptSet), {
    controls,
    shard,
    plan: options.plan,
    statistics: { ...DEFAULT_STATISTICS, flips: options.flips },
    signal,
    ...display,
  });
  if (isPart(shard)) {
    const record = { folder: run.path, shard, pairs: pairs.length };
    writeResult(options.json ? `${JSON.stringify(record)}\n` : `${run.path}\n`);
    display.note(
      `Shard ${shard.number} of ${shard.count} is complete: ${pairs.length} of ${promptSet.pairs.length} pairs. A part has no statistics; when all are there: measure-plantain merge OUT SHARD_DIR…`,
    );
    return;
  }
  await showResults(run, options, { signal, display });
  display.note(`Report: ${run.file("report.html")}`);
}

/** Options as `planProbe` takes them, but for the device. */
export async function planOptions(options: PlannedOptions & Partial<FreeOptions>): Promise<PlanOptions> {
  const { seed, wordCounts } = options;
  return {
    prompts: namePrompts(options.prompts),
    program: ownPackage,
    wordCounts: wordCounts === undefined ? undefined : await readWordCounts(wordCounts),
    referenceFiles: options.reference,
    referenceCount: options.references,
    referenceSeed: options.referenceSeed,
    referenceSteps: options.referenceSteps,
    referenceGuidance: options.referenceGuidance,
    noiseSeeds: Array.from({ length: options.noiseSeeds }, (_, index) => seed + index),
    noise: options.independentNoise ? "independent" : "shared",
    sigmas: options.sigmas,
    width: options.width,
    height: options.height,
    maxSequenceLength: options.maxSequenceLength,
    dtype: options.dtype,
    weights: options.weights,
    batch: options.batch,
    threads: options.threads,
    capture: options.capture,
    taps: options.tap,
    segments: options.segments,
    textEncoderLayers: options.textEncoderLayers,
    rotaryFrequencies: options.ropeFrequencies,
    tracePlacement: options.tracePlacement,
    fullHash: options.fullHash,
  };
}

/** @throws UsageError if all flips are asked for and a set has too many pairs for that: before hours of captures. */
export function requireEnumerable(
  { flips }: Pick<PlannedOptions, "flips">,
  set: PromptSet,
  controls: readonly Control[],
): void {
  const sets = [set, ...controls.flatMap((control) => (control.kind === "prompts" ? control.promptSet : []))];
  const large = sets.find(({ pairs }) => pairs.length > MOST_PAIRS_ENUMERATED);
  if (flips !== "exact" || large === undefined) return;
  throw new UsageError(
    `--flips exact takes up to ${MOST_PAIRS_ENUMERATED} pairs, but ${large.name} has ${large.pairs.length}. Use random flips, as in --flips 10000.`,
  );
}

/** The run folder: what the user named, or `runs/CHECKPOINT-PROMPTS`. */
function folderOf({ out, checkpoint, shard }: RunOptions, { name }: PromptSet): string {
  const suffix = shard === undefined ? "" : `-shard-${shard.number}-of-${shard.count}`;
  return out ?? join("runs", `${runName(checkpoint)}-${fileName(name)}${suffix}`);
}

/** A name of whatever characters as a part of a folder's name. */
function fileName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 100);
}

/** What a run is called after the checkpoint that the user named. */
function runName(checkpoint: string): string {
  return basename(checkpoint.replace(/@.*/, (revision) => revision.replaceAll("/", "-"))).replaceAll(
    ":",
    "-",
  );
}
