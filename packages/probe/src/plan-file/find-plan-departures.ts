import { listDifferences, type ProbeSettings, withPlainCheckpoint } from "../settings/settings.ts";
import { withoutFreeSettings } from "./create-plan-file.ts";
import { omit } from "./omit.ts";
import type { PlanFile, PlannedControl, PlannedSettings, PlannedStatistics } from "./plan-file.ts";

/** A control as it was run, or is about to be. */
export interface FoundControl extends PlannedControl {
  /** Its own; known once it was run. */
  readonly settings?: ProbeSettings;
}

/** A run as it was made, or is about to be. */
export interface FoundRun {
  /** What its captured numbers depend on. */
  readonly settings: ProbeSettings;
  /** What was computed from its captures, if that is known. */
  readonly statistics?: PlannedStatistics | undefined;
  /** What was run next to it; omitted for a shard, which has none. */
  readonly controls?: readonly FoundControl[] | undefined;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** One thing in which a run departs from its plan. */
export interface PlanDeparture {
  /** Which part of the plan it concerns. */
  readonly part: "settings" | "statistics" | "controls" | "time";
  /** What departs, as `references.0.seed`, or a control by its name. */
  readonly what: string;
  /** What the plan says. */
  readonly planned: string;
  /** What the run has. */
  readonly found: string;
}

/**
 * Everything in which a run departs from its plan.
 *
 * @returns An empty list for a run that follows it.
 * @example
 * const { plan } = await readPlanFile("plan.json");
 * findPlanDepartures(plan, { settings, startedAt }); // [{ part: "settings", what: "width", planned: "1024", found: "512" }]
 */
export function findPlanDepartures(
  plan: PlanFile,
  { settings, statistics, controls, startedAt }: FoundRun,
): PlanDeparture[] {
  const began = Date.parse(startedAt);
  return [
    ...compare("settings", plan.settings, comparableSettings(settings, plan.settings)),
    ...(statistics === undefined ? [] : compare("statistics", plan.statistics, statistics)),
    ...(controls === undefined ? [] : compareControls(plan, controls)),
    ...(Date.parse(plan.createdAt) <= began
      ? []
      : [
          {
            part: "time" as const,
            what: "written after the run began",
            planned: plan.createdAt,
            found: startedAt,
          },
        ]),
  ];
}

function compare(part: PlanDeparture["part"], planned: unknown, found: unknown, of = ""): PlanDeparture[] {
  return listDifferences(planned, found).map(({ path, before, now }) => ({
    part,
    what: `${of}${path}`,
    planned: before,
    found: now,
  }));
}

/** The settings of a run as far as its plan fixes them; whole-file hashes are compared if the plan has them. */
function comparableSettings(settings: ProbeSettings, planned: PlannedSettings): PlannedSettings {
  const { checkpoint, ...rest } = withoutFreeSettings(settings);
  const isHashed = planned.checkpoint.files.some(({ sha256 }) => sha256 !== undefined);
  const files = isHashed ? checkpoint.files : checkpoint.files.map((file) => omit(file, ["sha256"]));
  const { id, source } = planned.checkpoint;
  const isSamePlace =
    listDifferences(placeOf(withPlainCheckpoint(planned)), placeOf(withPlainCheckpoint(settings))).length ===
    0;
  return {
    ...rest,
    checkpoint: { ...checkpoint, ...(isSamePlace && { id, ...(source && { source }) }), files },
  };
}

function placeOf({ checkpoint: { id, source } }: Pick<ProbeSettings, "checkpoint">): unknown {
  return { id, source };
}

function compareControls({ settings, controls }: PlanFile, found: readonly FoundControl[]): PlanDeparture[] {
  const part = "controls";
  const unplanned = found.filter(({ name }) => controls.every((planned) => planned.name !== name));
  return [
    ...controls.flatMap((planned): PlanDeparture[] => {
      const control = found.find(({ name }) => name === planned.name);
      if (control === undefined)
        return [{ part, what: planned.name, planned: "a control", found: "nothing" }];
      const { settings: own, ...rest } = control;
      const of = `${planned.name}: `;
      if (own === undefined) return compare(part, planned, rest, of);
      const isReweighted = planned.change !== undefined;
      const [expected, shared] = [settings, comparableSettings(own, settings)].map((each) =>
        sharedSettings(each, isReweighted),
      );
      return [...compare(part, planned, rest, of), ...compare(part, expected, shared, of)];
    }),
    ...unplanned.map(({ name }) => ({ part, what: name, planned: "nothing", found: "a control" }) as const),
  ];
}

/** What a control has in common with its run, whatever it changes. */
function sharedSettings(settings: PlannedSettings, isReweighted: boolean): unknown {
  const { id, change } = settings.checkpoint;
  return {
    ...omit(settings, ["promptSet", "references", "noise"]),
    ...(isReweighted && { checkpoint: { id: change?.of ?? id } }),
  };
}
