import { chooseDevice } from "@measure-plantain/flux-runtime";
import {
  ablationDefinitions,
  type Ablation,
  ABLATION_FILE,
  type AblationGranularity,
  type AblationSettings,
  testSet,
  chooseSets,
  findCheckpoint,
  preparePassInputs,
  runAblation,
  createRunContext,
  runtimeOf,
  UsageError,
  readCaptures,
  RunFolder,
} from "@measure-plantain/probe";
import { formatAblation, rewriteResults } from "@measure-plantain/report";
import { STATISTICS, withLateBar } from "../terminal/late-bar.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import { writeResult } from "../terminal/write-text.ts";

/** What `measure-plantain ablate` was told. */
export interface AblateOptions {
  readonly top: readonly number[];
  readonly units: readonly string[];
  readonly granularity: AblationGranularity;
  readonly random: number;
  readonly seed: number;
  /** How many of the run's pairs; all of them where absent. */
  readonly pairs?: number;
  readonly checkpoint?: string;
  readonly offline: boolean;
  readonly threads?: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** How many of the strongest units are ablated where nobody says otherwise. */
const DEFAULT_TOP = 10;

/**
 * Ablates the strongest units of a complete run, or named ones, and random sets of as many others of the same blocks and
 * kinds; writes what that does to the predicted velocity into the run folder, and its summary and report anew.
 */
export async function ablate(directory: string, options: AblateOptions, signal: AbortSignal): Promise<void> {
  const progress = createProgress(options);
  const folder = await RunFolder.openForReading(directory);
  const ablation = await folder.whileLocked(() => ablateRun(folder, options, progress, signal));
  writeResult(options.json ? `${JSON.stringify(ablation, null, 2)}\n` : `${formatAblation(ablation)}\n`);
  progress.note(`Report: ${folder.file("report.html")}`);
}

async function ablateRun(
  folder: RunFolder,
  options: AblateOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Ablation> {
  const manifest = await folder.readManifest();
  const captures = await readCaptures(folder, manifest);
  const capturesSha256 = await folder.sha256("captures.safetensors");
  const { settings: run, promptSet } = manifest;
  const { granularity, units, random, seed } = options;
  const top = options.top.length + units.length === 0 ? [DEFAULT_TOP] : options.top;
  const settings: AblationSettings = {
    ...{ granularity, top, units, random, seed },
    pairs: choosePairs(promptSet.pairs.length, options.pairs),
    device: run.device,
    dtype: run.dtype,
  };
  const chosen = chooseSets(captures, settings);
  const { device, why } = await chooseDevice(run.device);
  progress.note(`Device: ${device} (as the run; ${why}).`);
  const { checkpoint } = await findCheckpoint(folder, manifest, { ...options, progress, signal });
  const runtime = runtimeOf({ ...run, threads: options.threads ?? run.threads }, signal);
  const context = await createRunContext({
    folder,
    manifest,
    checkpoint,
    pairs: settings.pairs,
    progress,
    runtime,
  });
  const ablated = await runAblation(context, await preparePassInputs(context), {
    captures,
    sets: chosen.flatMap((set) => [set.units, ...set.random]),
  });

  let next = 0;
  const take = (count: number): typeof ablated.effects => ablated.effects.slice(next, (next += count));
  const ablation: Ablation = {
    schemaVersion: 1,
    capturesSha256,
    settings,
    pairIds: settings.pairs.map((pair) => promptSet.pairs[pair]?.id ?? ""),
    definitions: ablationDefinitions,
    contrastNorms: ablated.norms.map(({ contrast }) => contrast),
    velocityNorms: ablated.norms.map(({ velocity }) => velocity),
    deviationFromRun: ablated.deviationFromRun,
    sets: chosen.map(({ name, random: drawn }) => {
      const [set, ...others] = take(1 + drawn.length);
      if (set === undefined) throw new RangeError(`nothing was ablated for ${name}`);
      return { name, set, random: others, tests: testSet(set, others) };
    }),
  };
  await folder.writeJson(ABLATION_FILE, ablation);
  await withLateBar(progress, STATISTICS, (onProgress) => rewriteResults(folder, { signal, onProgress }));
  await folder.removeWorkFiles(); // last: until then nothing has to be computed again
  return ablation;
}

/** All pairs, or so many of them, evenly spaced. */
function choosePairs(count: number, wanted = count): number[] {
  if (wanted > count) {
    throw new UsageError(`--pairs ${wanted}: the run has ${count} pairs. Give as many at most.`);
  }
  return Array.from({ length: wanted }, (_, index) => Math.floor((index * count) / wanted));
}
