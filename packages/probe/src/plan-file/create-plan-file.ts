import type { PromptSet } from "@measure-plantain/prompts";
import type { Control } from "../controls/parse-controls.ts";
import { requireAdapters } from "../controls/base-checkpoint.ts";
import { packageVersions } from "../passes/package-versions.ts";
import type { ProbePlan } from "../plan-probe.ts";
import { ProbeError } from "../probe-error.ts";
import { hashPromptSet, type ProbeSettings } from "../settings/settings.ts";
import { omit } from "./omit.ts";
import {
  freeSettings,
  type Criterion,
  type PlanFile,
  type PlannedControl,
  type PlannedSettings,
  type PlannedStatistics,
  type PlanSources,
} from "./plan-file.ts";
import { explainPlanProblem } from "./read-plan-file.ts";
import { planFileSchema } from "./plan-file-schema.ts";

/** What a plan says besides what is captured. */
export interface PlanFileOptions {
  /** What will be computed from the captures. */
  readonly statistics: PlannedStatistics;
  /** What will be run next to it. */
  readonly controls?: readonly Control[];
  /** The error rate of the default criteria; by default 0.05. */
  readonly alpha?: number | undefined;
  /** All must be met; by default those that follow from the controls, see {@link defaultCriteria}. */
  readonly criteria?: readonly Criterion[];
  /** The rule in words, for what no program can check. */
  readonly text?: readonly string[];
  /** Where prompts, weights and controls were found, if other names say it than those of the plan. */
  readonly sources?: Partial<Omit<PlanSources, "references">>;
}

/** What the default criteria are counted at. */
export interface DefaultCriteriaOptions {
  /** The first threshold is that of the criteria. */
  readonly statistics: Pick<PlannedStatistics, "thresholds">;
  /** The error rate; by default 0.05. */
  readonly alpha?: number | undefined;
}

/** The error rate by default. */
const ALPHA = 0.05;

/**
 * Writes down what a planned probe will run and how it will be decided; `writePlanFile` stores it.
 *
 * @throws {ProbeError} `invalid-option` for a criterion that names a control or threshold that the plan does not have, and for the
 * control `base` without an adapter.
 * @example
 * const plan = await createPlanFile(await planProbe(checkpoint, promptSet), { statistics: DEFAULT_STATISTICS });
 * await writePlanFile("plan.json", plan);
 */
export async function createPlanFile(
  probe: ProbePlan,
  { statistics, controls = [], alpha, criteria, text = [], sources = {} }: PlanFileOptions,
): Promise<PlanFile> {
  requireAdapters(probe.checkpoint.checkpoint, controls);
  const {
    referenceFiles,
    referenceCount,
    referenceSeed,
    referenceSteps,
    referenceGuidance,
    prompts,
    program,
  } = probe.options;
  const draft: PlanFile = {
    schemaVersion: 1,
    createdAt: new Date().toISOString(),
    packages: packageVersions(program),
    settings: withoutFreeSettings(probe.settings),
    free: freeSettings,
    statistics,
    controls: await planControls(controls, probe.settings),
    decision: {
      criteria: criteria ?? defaultCriteria(probe.promptSet, controls, { statistics, alpha }),
      text,
    },
    sources: {
      ...(probe.checkpoint.source ?? { checkpoint: probe.checkpoint.id }),
      prompts: prompts?.argument ?? probe.promptSet.name,
      controls: [],
      ...sources,
      references: { referenceFiles, referenceCount, referenceSeed, referenceSteps, referenceGuidance },
    },
  };
  const written: unknown = JSON.parse(JSON.stringify(draft)); // without what is undefined, as the file will be
  const { data: plan, error } = planFileSchema.safeParse(written);
  if (error === undefined) return plan;
  throw new ProbeError(
    "invalid-option",
    `This plan cannot be written: ${explainPlanProblem(error)}. Correct the option that it comes from.`,
    { cause: error },
  );
}

/**
 * The criteria of whoever names none: more groups over the first threshold than the 99th percentile of their null; for each
 * control of other prompts the difference of the contrasts, if their pairs correspond; and more groups than in every other
 * control. A planted effect is a test of the probe, not of the model, and decides nothing; nor does the checkpoint without its
 * adapters, which may show more or less.
 */
export function defaultCriteria(
  promptSet: PromptSet,
  controls: readonly Control[],
  { statistics, alpha = ALPHA }: DefaultCriteriaOptions,
): Criterion[] {
  const ids = ({ pairs }: PromptSet): string => pairs.map(({ id }) => id).join("\n");
  const [threshold = 0] = statistics.thresholds;
  const units = { granularity: "group", threshold } as const;
  return [
    { kind: "count", ...units, above: "null-p99" },
    ...controls.flatMap((control): Criterion[] => {
      if (control.kind === "planted" || control.kind === "base") return [];
      const isPaired = control.kind === "prompts" && ids(control.promptSet) === ids(promptSet);
      return [
        isPaired
          ? { kind: "control-difference", control: control.name, ...units, alpha }
          : { kind: "control-count", control: control.name, ...units },
      ];
    }),
  ];
}

/** Controls as a plan names them. */
export async function planControls(
  controls: readonly Control[],
  { promptSet }: Pick<ProbeSettings, "promptSet">,
): Promise<PlannedControl[]> {
  return Promise.all(
    controls.map(async (control) =>
      control.kind === "prompts"
        ? { name: control.name, promptSetSha256: await hashPromptSet(control.promptSet) }
        : {
            name: control.name,
            promptSetSha256: promptSet.sha256,
            change: { kind: control.kind, seed: control.kind === "base" ? 0 : control.seed },
          },
    ),
  );
}

/** The settings that a plan fixes. */
export function withoutFreeSettings(settings: ProbeSettings): PlannedSettings {
  return omit(settings, [...freeSettings, "shard"]);
}
