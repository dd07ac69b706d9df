import { chooseDevice } from "@measure-plantain/flux-runtime";
import { preparePassInputs } from "../passes/prepare-pass-inputs.ts";
import { reopenContext } from "../passes/reopen-context.ts";
import { runtimeOptions } from "../passes/runtime-options.ts";
import { ProbeError } from "../probe-error.ts";
import { itemAt } from "../reading.ts";
import { createReporter, type ProgressOptions } from "../reporter.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { readCaptures } from "../run-folder/read-captures.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import type { ProbedCheckpoint } from "../settings/probed-checkpoint.ts";
import {
  ABLATION_FILE,
  ablationDefinitions,
  type Ablation,
  type AblationGranularity,
  type AblationMethod,
  type AblationRanking,
  type AblationSettings,
  type SetAblation,
  type SetEffects,
} from "./ablation.ts";
import { readAblation } from "./ablation-file.ts";
import { testSet } from "./ablation-statistics.ts";
import { chooseSets, type ChosenSet } from "./choose-sets.ts";
import { planFolds } from "./plan-folds.ts";
import { runAblation } from "./run-ablation.ts";

/** What is ablated; what is left out has its default. */
export interface AblateOptions extends ProgressOptions {
  /** How many of the strongest units by |t|, for each set of them; by default one set of 10. */
  readonly top?: readonly number[];
  /** One more set: units or heads by address. */
  readonly units?: readonly string[];
  /** What a unit is; by default a group. */
  readonly granularity?: AblationGranularity;
  /** What is put in a unit's place; by default `zero`. */
  readonly method?: AblationMethod;
  /** By which pairs the units are ranked; by default each `half` ranks for the other. */
  readonly rankBy?: AblationRanking;
  /** How many random sets each set is compared with. */
  readonly random?: number;
  /** Seed of the random sets, of the halves and of the passes that are resampled. */
  readonly seed?: number;
  /** How many of the run's pairs, evenly spaced; by default all. */
  readonly pairs?: number | undefined;
  /** Threads within an operator; by default the run's. */
  readonly threads?: number | undefined;
  /** Ends the ablation; pairs that were done are kept. */
  readonly signal?: AbortSignal | undefined;
}

/** How many of the strongest units are ablated by default. */
const DEFAULT_TOP = 10;

/** Random sets by default: the smallest p is 1 / 40. */
const DEFAULT_RANDOM = 39;

/** The stages of an ablation: the prompts are encoded, and the passes run. */
const STAGES = 2;

/**
 * Ablates the strongest units of a complete run, or named ones, and random sets of as many others of the same blocks and
 * kinds; writes what that does to the predicted velocity into the run folder, as `ablation.json`. The strongest are chosen
 * by one half of the pairs and tried on the other, both ways round.
 *
 * Pairs that were done before an ablation was cut short are not run again.
 *
 * @param checkpoint - The run's, or how to get it once everything else is known to be right: see `findCheckpoint`.
 * @throws {ProbeError} `incomplete-run`, `changed-captures`; `invalid-option` for units that the run does not have;
 * `other-checkpoint` if the passes are not those of the run.
 * @example
 * const run = await openRun("runs/otherview");
 * const { sets } = await ablateUnits(run, () => findCheckpoint(run), { top: [8], pairs: 5 });
 * sets[0].tests.contrastMoved.p;
 */
export async function ablateUnits(
  run: RunFolder,
  checkpoint: ProbedCheckpoint | (() => Promise<ProbedCheckpoint>),
  options: AblateOptions = {},
): Promise<Ablation> {
  return run.whileLocked(async () => {
    const reporter = createReporter(options, STAGES);
    const manifest = await run.readManifest();
    const { settings: used, promptSet } = manifest;
    const captures = await readCaptures(run, manifest);
    const settings = listSettings(options, manifest);
    const before = await readAblation(run);
    if (before !== null && isSame(before, { settings, capturesSha256: manifest.capturesSha256 })) {
      reporter.note(`${run.file(ABLATION_FILE)} is complete: it is used as it is.`);
      await run.removeWorkFiles(); // of an ablation that was killed at its very end
      return before;
    }
    const plan = planFolds(promptSet.pairs, settings);
    const chosen = chooseSets(captures, settings, plan.folds);
    const { device, why } = await chooseDevice(used.device);
    reporter.note(`Device: ${device} (as the run; ${why}).`);
    const { checkpoint: opened } = typeof checkpoint === "function" ? await checkpoint() : checkpoint;
    const context = await reopenContext({
      folder: run,
      manifest,
      checkpoint: opened,
      pairs: plan.neededPairs,
      reporter,
      runtime: runtimeOptions(
        { ...used, threads: options.threads ?? used.threads },
        { signal: options.signal, onConvertWeights: reporter.within() },
      ),
    });
    reporter.next();
    const inputs = await preparePassInputs(context);
    reporter.next();
    const { norms, deviationFromRun, effects } = await runAblation(context, inputs, {
      captures,
      sets: chosen.flatMap((set) => [set.units, ...set.random]),
      tests: plan.tests,
    });
    const ablation: Ablation = {
      schemaVersion: 2,
      capturesSha256: manifest.capturesSha256,
      settings,
      ...plan.record,
      definitions: ablationDefinitions,
      contrastNorms: norms.map(({ contrast }) => contrast),
      velocityNorms: norms.map(({ velocity }) => velocity),
      deviationFromRun,
      sets: testSets(chosen, effects),
    };
    await run.writeJson(ABLATION_FILE, ablation);
    await run.removeWorkFiles();
    return ablation;
  });
}

/** What was asked for, as the file records it. */
function listSettings(
  {
    top = [],
    units = [],
    granularity = "group",
    method = "zero",
    rankBy = "half",
    random = DEFAULT_RANDOM,
    seed = 0,
    pairs,
  }: AblateOptions,
  { settings: { device, dtype }, promptSet }: Manifest,
): AblationSettings {
  return {
    granularity,
    method,
    rankBy,
    top: top.length + units.length === 0 ? [DEFAULT_TOP] : top,
    units,
    random,
    seed,
    pairs: choosePairs(promptSet.pairs.length, pairs),
    device,
    dtype,
  };
}

/** All pairs, or so many of them, evenly spaced. */
function choosePairs(count: number, wanted = count): number[] {
  if (wanted > count) {
    throw new ProbeError(
      "invalid-option",
      `The option \`pairs: ${wanted}\` exceeds the run's ${count} pairs. Use ${count} or fewer.`,
      { option: "pairs" },
    );
  }
  return Array.from({ length: wanted }, (_, index) => Math.floor((index * count) / wanted));
}

/** The effects are those of each set, followed by those of its random sets. */
function testSets(chosen: readonly ChosenSet[], effects: readonly SetEffects[]): SetAblation[] {
  let next = 0;
  return chosen.map(({ name, random }) => {
    const [set, ...others] = effects.slice(next, (next += 1 + random.length));
    if (set === undefined) throw new RangeError(`nothing was ablated for ${name}`);
    const { length: size } = itemAt(set.units, 0);
    return { name, size, set, random: others, tests: testSet(set, others) };
  });
}

function isSame(
  before: Pick<Ablation, "settings" | "capturesSha256">,
  now: Pick<Ablation, "settings" | "capturesSha256">,
): boolean {
  return (
    before.capturesSha256 === now.capturesSha256 &&
    JSON.stringify(before.settings) === JSON.stringify(now.settings)
  );
}
