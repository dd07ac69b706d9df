import { chooseDevice } from "@measure-plantain/flux-runtime";
import { createPlanFile, parseControls, planProbe, writePlanFile } from "@measure-plantain/probe";
import { loadPromptSet } from "@measure-plantain/prompts";
import { DEFAULT_STATISTICS, describeCriterion } from "@measure-plantain/report";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { listComponents, openGivenCheckpoint } from "./open-given-checkpoint.ts";
import { planOptions, requireEnumerable, type PlannedOptions } from "./run.ts";

/** What `measure-plantain plan` was told: the options of a run that change its numbers, and how it will be decided. */
export interface PlanOptions extends PlannedOptions {
  /** The error rate of the decision. */
  readonly alpha: number;
  /** The decision in words. */
  readonly rule: readonly string[];
  readonly out: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Writes down what `run --plan` will run and how it will be decided. */
export async function plan(options: PlanOptions, signal: AbortSignal): Promise<void> {
  const display = createDisplay(options);
  const { prompts, control, wordCounts, flips, alpha, rule: text, out } = options;
  const promptSet = await loadPromptSet(prompts);
  const controls = await parseControls(control, promptSet);
  requireEnumerable(options, promptSet, controls);
  const planned = await planOptions(options);
  const checkpoint = await openGivenCheckpoint(options, { display, signal });
  const device = await chooseDevice("cpu"); // any: a plan leaves it open
  const file = await createPlanFile(await planProbe(checkpoint, promptSet, { ...planned, device }), {
    statistics: { ...DEFAULT_STATISTICS, flips },
    controls,
    alpha,
    text,
    sources: {
      checkpoint: options.checkpoint,
      ...listComponents(options),
      prompts,
      controls: control,
      ...(wordCounts !== undefined && { wordCounts }),
    },
  });
  const { sha256 } = await writePlanFile(out, file);
  const { criteria } = file.decision;
  writeResult(options.json ? `${JSON.stringify({ out, sha256, criteria }, null, 2)}\n` : `${out}\n`);
  display.note(`The decision rule is met if all of these are:`);
  for (const criterion of criteria) display.note(`- ${describeCriterion(criterion)}`);
  display.note(`SHA-256 of the plan: ${sha256}. Published before the run, it shows that the plan is older.`);
}
