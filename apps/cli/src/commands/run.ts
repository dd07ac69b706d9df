import {
  chooseDevice,
  DEFAULT_MAX_SEQUENCE_LENGTH,
  type ChosenDevice,
  type DeviceName,
} from "@measure-plantain/flux-runtime";
import { MOST_PAIRS_ENUMERATED } from "@measure-plantain/paired-stats";
import { loadPromptSet, type PromptSet } from "@measure-plantain/prompts";
import { basename, join } from "node:path";
import {
  auditPrompts,
  describeCutPairs,
  describeCutRenderPrompts,
  findCutRenderPrompts,
  requireContrast,
  readWordCounts,
  type WordCounts,
  planControls,
  runControl,
  type Control,
  UsageError,
  chooseSettings,
  type SettingOptions,
  type ProbedCheckpoint,
  runProbe,
  isPart,
  shardPairs,
  type RunFolder,
} from "@measure-plantain/probe";
import { namePrompts, type PromptsRecord } from "../terminal/command-line.ts";
import { STATISTICS, withLateBar } from "../terminal/late-bar.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import { resolveWithProgress } from "../terminal/resolve-with-progress.ts";
import { writeResults, type ResultOptions } from "@measure-plantain/report";
import { writeResult } from "../terminal/write-text.ts";

/** What `measure-plantain run` was told; absent means the default. */
export interface RunOptions extends ResultOptions, SettingOptions {
  readonly checkpoint: string;
  readonly prompts: string;
  /** A file of words with counts. */
  readonly wordCounts?: string;
  readonly out?: string;
  readonly device: DeviceName;
  /** `random-weights[:N]`, `planted[:N]`, or prompt sets. */
  readonly control: readonly string[];
  readonly tracePlacement: boolean;
  readonly offline: boolean;
  readonly quiet: boolean;
}

/** Runs the probe and its controls and writes the results. */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  const progress = createProgress(options);
  const promptSet = await loadPromptSet(options.prompts);
  const wordCounts = options.wordCounts === undefined ? null : await readWordCounts(options.wordCounts);
  const controls = await planControls(options.control, promptSet);
  requireEnumerable(options.flips, promptSet, controls);
  const { shard } = options;
  if (isPart(shard) && options.control.length > 0) {
    throw new UsageError("Controls belong to the whole run: leave out --control, or --shard.");
  }
  const pairs = shardPairs(promptSet.pairs.length, shard);
  const suffix = shard === undefined ? "" : `-shard-${shard.number}-of-${shard.count}`;
  const out =
    options.out ?? join("runs", `${runName(options.checkpoint)}-${fileName(promptSet.name)}${suffix}`);
  // Before weights are fetched or made, which may take hours: everything else that can be wrong.
  const execution = await chooseDevice(options.device);
  progress.note(`Device: ${execution.device} (${execution.why}).`);
  const resolved = await resolveWithProgress(options.checkpoint, { ...options, progress, signal });
  for (const set of listSets(promptSet, controls)) {
    const { maxSequenceLength = DEFAULT_MAX_SEQUENCE_LENGTH } = options;
    requireContrast(await auditPrompts(set, resolved.checkpoint, { maxSequenceLength, wordCounts: null }));
  }
  const prompts = namePrompts(options.prompts);
  const plan: ProbePlan = {
    resolved,
    promptSet,
    prompts,
    wordCounts,
    out,
    options,
    execution,
    progress,
    signal,
  };

  const folder = await probe(plan);
  try {
    if (isPart(shard)) {
      const record = { folder: folder.path, shard, pairs: pairs.length };
      writeResult(options.json ? `${JSON.stringify(record)}\n` : `${folder.path}\n`);
      progress.note(
        `Shard ${shard.number} of ${shard.count} is complete: ${pairs.length} of ${promptSet.pairs.length} pairs. A part has no statistics; when all are there: measure-plantain merge OUT SHARD_DIR…`,
      );
      return;
    }
    for (const control of controls) await runControl(control, plan, folder, probe);
    await withLateBar(progress, STATISTICS, (onProgress) =>
      writeResults(folder, { ...options, onProgress }, signal),
    );
    progress.note(`Report: ${folder.file("report.html")}`);
  } finally {
    await folder.close();
  }
}

/** One run of the probe: on which checkpoint, with which prompts, into which folder. */
export interface ProbePlan {
  readonly resolved: ProbedCheckpoint;
  readonly promptSet: PromptSet;
  readonly prompts: PromptsRecord;
  /** How rare words are, for the audit; `null` where nobody said. */
  readonly wordCounts: WordCounts | null;
  readonly out: string;
  readonly options: RunOptions;
  readonly execution: ChosenDevice;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Captures what a plan says; a folder that was cut short is continued. No other process writes into it until it is closed. */
async function probe(plan: ProbePlan): Promise<RunFolder> {
  const { resolved, promptSet, prompts, wordCounts, out, options, execution, progress, signal } = plan;
  const { checkpoint } = resolved;
  const { device } = execution;
  const settings = await chooseSettings(resolved, promptSet, options, { device, out });
  const { dtype, weights, threads } = settings;
  const runtime = { device, dtype, weights, signal, ...(threads !== null && { threads }) };

  const audit = await auditPrompts(promptSet, checkpoint, { ...settings, wordCounts });
  for (const change of audit.changes) progress.note(`Prompt set: ${change}`);
  for (const sentence of describeCutPairs(audit)) progress.warn(sentence);
  const rendered = settings.references.filter((reference) => reference.kind === "generated");
  const cutRenderPrompts = await findCutRenderPrompts(checkpoint, rendered, settings);
  if (cutRenderPrompts !== null) progress.warn(describeCutRenderPrompts(cutRenderPrompts));

  return runProbe({
    checkpoint,
    isSynthesizedCheckpoint: resolved.isSynthesized,
    promptSet,
    prompts,
    audit,
    ...(cutRenderPrompts && { cutRenderPrompts }),
    ...(wordCounts && { wordCounts: wordCounts.record }),
    settings,
    out,
    referenceFiles: options.reference ?? [],
    tracePlacement: options.tracePlacement,
    execution,
    progress,
    runtime,
  });
}

/** The prompt sets of a run and of its controls. */
function listSets(set: PromptSet, controls: readonly Control[]): PromptSet[] {
  return [set, ...controls.flatMap((control) => (control.kind === "prompts" ? control.promptSet : []))];
}

/** @throws UsageError where all flips are asked for and a set has too many pairs for that: before hours of captures. */
function requireEnumerable(flips: RunOptions["flips"], set: PromptSet, controls: readonly Control[]): void {
  const large = listSets(set, controls).find(({ pairs }) => pairs.length > MOST_PAIRS_ENUMERATED);
  if (flips !== "exact" || large === undefined) return;
  throw new UsageError(
    `--flips exact takes up to ${MOST_PAIRS_ENUMERATED} pairs, but ${large.name} has ${large.pairs.length}. Use random flips, as in --flips 10000.`,
  );
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
