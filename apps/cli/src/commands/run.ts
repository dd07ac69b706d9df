import {
  chooseComputeType,
  createTokenizer,
  DEFAULT_MAX_SEQUENCE_LENGTH,
  tokenGrid,
  type ComputeType,
  type RuntimeOptions,
} from "@measure-plantain/flux-runtime";
import { auditPromptSet, listReferences, loadPromptSet, type PromptSet } from "@measure-plantain/prompts";
import { basename, join } from "node:path";
import { readFile } from "node:fs/promises";
import { resolveCheckpoint, type ResolvedCheckpoint } from "../checkpoint/resolve-checkpoint.ts";
import { planControls, runControl } from "../controls/run-controls.ts";
import { chooseDevice, type ChosenDevice, type DeviceName } from "../device/choose-device.ts";
import { fingerprintCheckpoint, sha256 } from "../probe/fingerprint.ts";
import { chooseGroupSize, type OptionalTap } from "../probe/plan-taps.ts";
import { referenceFileSize } from "../probe/prepare-reference.ts";
import { runProbe } from "../probe/run-probe.ts";
import { isPart, shardPairs, type Shard } from "../probe/shard.ts";
import { hashPromptSet, type ProbeSettings, type ReferenceSettings } from "../probe/settings.ts";
import { UsageError } from "../errors.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import { writeResults, type ResultOptions } from "./stats.ts";

/** What `measure-plantain run` was told; absent means the default. */
export interface RunOptions extends ResultOptions {
  readonly checkpoint: string;
  readonly prompts: string;
  readonly out?: string;
  readonly reference?: string;
  readonly referenceSeed?: number;
  readonly referenceSteps?: number;
  readonly referenceGuidance?: number;
  readonly seed: number;
  readonly width?: number;
  readonly height?: number;
  readonly maxSequenceLength?: number;
  readonly device: DeviceName;
  readonly dtype?: ComputeType;
  readonly weights: "mapped" | "resident";
  readonly batch: number;
  readonly threads?: number;
  readonly tap: readonly OptionalTap[];
  /** `random-weights[:N]`, or prompt sets. */
  readonly control: readonly string[];
  readonly shard?: Shard;
  readonly segments: boolean;
  readonly ropeFrequencies: "float32" | "bfloat16";
  readonly fullHash: boolean;
  readonly offline: boolean;
  readonly quiet: boolean;
}

/** Runs the probe and its controls and writes the results. */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  const progress = createProgress(options);
  const promptSet = await loadPromptSet(options.prompts);
  const resolved = await resolveCheckpoint(options.checkpoint, { ...options, progress, signal });
  const { shard } = options;
  if (isPart(shard) && options.control.length > 0) {
    throw new UsageError("Controls belong to the whole run: leave out --control, or --shard.");
  }
  const pairs = shardPairs(promptSet.pairs.length, shard);
  const suffix = shard === undefined ? "" : `-shard-${shard.number}-of-${shard.count}`;
  const out = options.out ?? join("runs", `${runName(options.checkpoint)}-${promptSet.name}${suffix}`);
  const execution = await chooseDevice(options.device);
  progress.note(`Device: ${execution.device} (${execution.why}).`);
  const plan: ProbePlan = { resolved, promptSet, out, options, execution, progress, signal };

  const folder = await probe(plan);
  if (isPart(shard)) {
    const record = { folder: folder.path, shard, pairs: pairs.length };
    process.stdout.write(options.json ? `${JSON.stringify(record)}\n` : `${folder.path}\n`);
    progress.note(
      `Shard ${shard.number} of ${shard.count} is complete: ${pairs.length} of ${promptSet.pairs.length} pairs. A part has no statistics; when all are there: measure-plantain merge OUT SHARD_DIR…`,
    );
    return;
  }
  const controls = planControls(options.control);
  for (const control of controls) await runControl(control, plan, folder, probe);
  await writeResults(folder, options, signal);
  progress.note(`Report: ${folder.file("report.html")}`);
}

/** One run of the probe: on which checkpoint, with which prompts, into which folder. */
export interface ProbePlan {
  readonly resolved: ResolvedCheckpoint;
  readonly promptSet: PromptSet;
  readonly out: string;
  readonly options: RunOptions;
  readonly execution: ChosenDevice;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Captures what a plan says; a folder that was cut short is continued. */
async function probe(plan: ProbePlan): Promise<RunFolder> {
  const { resolved, promptSet, out, options, execution, progress, signal } = plan;
  const { checkpoint } = resolved;
  const { device } = execution;
  const runtime: RuntimeOptions = {
    device,
    dtype: chooseComputeType({ device, ...(options.dtype !== undefined && { dtype: options.dtype }) }),
    weights: options.weights,
    signal,
    ...(options.threads !== undefined && { threads: options.threads }),
  };
  const settings = await settle(resolved, promptSet, options, runtime);
  tokenGrid(checkpoint, settings); // refuses a bad size before anything is written

  const tokenizer = await createTokenizer(checkpoint.tokenizerFolder);
  const audit = auditPromptSet(promptSet, { countTokens: (text) => tokenizer.countTokens(text) });
  for (const change of audit.changes) progress.note(`Prompt set: ${change}`);

  return runProbe({
    checkpoint,
    isSynthesizedCheckpoint: resolved.isSynthesized,
    promptSet,
    audit,
    settings,
    out,
    ...(options.reference !== undefined && { referenceFile: options.reference }),
    execution,
    progress,
    runtime,
  });
}

/** What a run is called after the checkpoint that the user named. */
function runName(checkpoint: string): string {
  return basename(checkpoint.replace(/@.*/, (revision) => revision.replaceAll("/", "-"))).replaceAll(
    ":",
    "-",
  );
}

/** Pixels of a side where nobody says otherwise: what Klein was made for, and what the tiny checkpoint does in seconds. */
const DEFAULT_SIDE = { tiny: 256, other: 1_024 } as const;

/** Turns options and their defaults into the settings that the captured numbers depend on. */
async function settle(
  { id, checkpoint }: ResolvedCheckpoint,
  promptSet: PromptSet,
  options: RunOptions,
  { device = "cpu", dtype = "float32", weights = "mapped" }: RuntimeOptions,
): Promise<ProbeSettings> {
  const [recipe] = listReferences(promptSet);
  const given = options.reference === undefined ? undefined : await referenceFileSize(options.reference);
  const fromSet = id === "tiny" ? undefined : recipe;
  const fallback = id === "tiny" ? DEFAULT_SIDE.tiny : DEFAULT_SIDE.other;
  const width = options.width ?? given?.width ?? fromSet?.width ?? fallback;
  const height = options.height ?? given?.height ?? fromSet?.height ?? fallback;
  const { referenceSeed, referenceSteps, referenceGuidance } = options;
  const reference: ReferenceSettings | null =
    options.reference !== undefined
      ? { kind: "file", sha256: sha256(await readFile(options.reference)) }
      : recipe === undefined
        ? null
        : {
            kind: "generated",
            prompt: recipe.prompt,
            seed: referenceSeed ?? recipe.seed,
            steps: referenceSteps ?? recipe.steps,
            guidance: referenceGuidance ?? recipe.guidance,
            width,
            height,
          };
  const { name, version, pairs } = promptSet;
  return {
    checkpoint: { id, files: await fingerprintCheckpoint(checkpoint, { full: options.fullHash }) },
    promptSet: { name, version, sha256: await hashPromptSet(promptSet), pairs: pairs.length },
    reference,
    ...(options.shard !== undefined && { shard: options.shard }),
    noiseSeed: options.seed,
    width,
    height,
    maxSequenceLength: options.maxSequenceLength ?? DEFAULT_MAX_SEQUENCE_LENGTH,
    steps: 1,
    guidance: 1,
    groupSize: chooseGroupSize(checkpoint),
    taps: options.tap,
    segments: options.segments,
    rotaryFrequencies: options.ropeFrequencies,
    device,
    dtype,
    weights,
    batch: options.batch,
  };
}
