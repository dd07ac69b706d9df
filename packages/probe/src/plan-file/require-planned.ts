import type { Control } from "../controls/parse-controls.ts";
import type { ProbePlan } from "../plan-probe.ts";
import { ProbeError } from "../probe-error.ts";
import { isPart, type Shard } from "../settings/shard.ts";
import { planControls } from "./create-plan-file.ts";
import { findPlanDepartures, type PlanDeparture } from "./find-plan-departures.ts";
import type { PlannedStatistics, StoredPlan } from "./plan-file.ts";

/** What of a run is compared with its plan before it begins. */
interface IntendedRun {
  readonly controls: readonly Control[];
  readonly shard: Shard | undefined;
  readonly statistics: PlannedStatistics | undefined;
}

/** @throws {ProbeError} `plan-departure` that names each option in which a run is about to depart from its plan. */
export async function requirePlanned(
  { plan }: StoredPlan,
  { settings }: ProbePlan,
  { controls, shard, statistics }: IntendedRun,
): Promise<void> {
  const departures = findPlanDepartures(plan, {
    settings,
    statistics,
    controls: isPart(shard) ? undefined : await planControls(controls, settings),
    startedAt: new Date().toISOString(),
  });
  const [first] = departures;
  if (first === undefined) return;
  const option = optionOf(first);
  throw new ProbeError(
    "plan-departure",
    `The run departs from its plan, which was written at ${plan.createdAt}:\n${departures
      .map((departure) => `  ${describeDeparture(departure)}\n`)
      .join("")}Nothing was captured. Run what was planned, or write another plan.`,
    option === undefined ? {} : { option },
  );
}

function describeDeparture(departure: PlanDeparture): string {
  const { part, what, planned, found } = departure;
  const option = optionOf(departure);
  const name =
    option === undefined
      ? `${part}.${what}`
      : option === what
        ? `option \`${option}\``
        : `option \`${option}\` (${what})`;
  return `${name}: ${planned} in the plan, ${found} now`;
}

/** Options that are not called as the setting that they decide, by the beginning of its path. */
const optionNames: readonly (readonly [path: RegExp, option: string])[] = [
  [/^promptSet\b/, "prompts"],
  [/^references\.\d+\.seed$/, "referenceSeed"],
  [/^references\.\d+\.steps$/, "referenceSteps"],
  [/^references\.\d+\.guidance$/, "referenceGuidance"],
  [/^references\.\d+\.(kind|sha256)$/, "referenceFiles"],
  [/^references\b/, "referenceCount"],
];

/** The option by which a run departs from its plan; none for what follows from others or is no choice. */
function optionOf({ part, what }: PlanDeparture): string | undefined {
  if (part === "controls") return "controls";
  if (part === "statistics") return what === "flips" ? what : undefined;
  if (part === "time" || /^(steps|guidance|groupSize)$/.test(what)) return undefined;
  return optionNames.find(([path]) => path.test(what))?.[1] ?? /^\w+/.exec(what)?.[0];
}
