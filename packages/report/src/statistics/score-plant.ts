import { ALPHA } from "./alpha.ts";
import type { Analysis } from "./analyze-captures.ts";
import type { PlantPlan } from "@measure-plantain/probe";
import type { CrossedGranularity, UnitResponse } from "./crossed/analyze-crossed.ts";
import { valueAt } from "../reading.ts";

/** What the probe found of a planted effect, among its groups. */
export interface PlantScore {
  /** What the planted units respond to. */
  readonly kind: PlantPlan["kind"];
  /** Of a crossed set, how many of the planted units were found to follow what. */
  readonly follows: Readonly<Record<UnitResponse, number>> | null;
  /** The family-wise error at which a unit is significant. */
  readonly alpha: number;
  /** How many units respond to the contrast. */
  readonly planted: number;
  /** How many units were altered alike, but do not respond to it. */
  readonly decoys: number;
  /** Planted units that are significant, by address. */
  readonly found: readonly string[];
  /** Planted units that are not significant, by address. */
  readonly missed: readonly string[];
  /** Significant units that nothing was planted in. */
  readonly others: readonly string[];
  /** Those of them that are significant in the run without the plant too; `null` without such a run. */
  readonly othersInRun: readonly string[] | null;
  /** Decoys that are significant, by address. */
  readonly decoysFound: readonly string[];
  /** Found over significant; `null` if nothing is significant. */
  readonly precision: number | null;
  /** Found over planted. */
  readonly recall: number;
  /** The planted units' |t|, least first. */
  readonly absT: readonly number[];
}

/** What a planted unit of a crossed set must be found to follow. */
const EXPECTED = { axis: "grade", object: "rows", wording: "levels" } as const;

/**
 * Compares the units that are significant at a family-wise error of 0.05 with those that were planted; of a crossed set, the
 * units that follow what the planted ones were made to follow.
 *
 * @param run - The analysis of the same checkpoint without the plant.
 * @throws RangeError where the analysis has no groups, or lacks a planted unit.
 */
export function scorePlant({ units, kind }: PlantPlan, analysis: Analysis, run?: Analysis): PlantScore {
  const significant = significantGroups(analysis, kind);
  const planted = units.filter(({ role }) => role === "planted").map(({ address }) => address);
  const decoys = units.filter(({ role }) => role === "decoy").map(({ address }) => address);
  const found = planted.filter((address) => significant.has(address));
  const others = [...significant].filter((address) => !planted.includes(address));
  const inRun = run === undefined ? null : significantGroups(run, kind);
  return {
    kind,
    follows: kind === "contrast" ? null : countFollowed(planted, crossedGroups(analysis)),
    alpha: ALPHA,
    planted: planted.length,
    decoys: decoys.length,
    found,
    missed: planted.filter((address) => !significant.has(address)),
    others,
    othersInRun: inRun === null ? null : others.filter((address) => inRun.has(address)),
    decoysFound: others.filter((address) => decoys.includes(address)),
    precision: significant.size === 0 ? null : found.length / significant.size,
    recall: found.length / planted.length,
    absT: absTOf(planted, analysis, kind).sort((one, other) => one - other),
  };
}

function significantGroups(analysis: Analysis, kind: PlantPlan["kind"]): Set<string> {
  if (kind !== "contrast") {
    const { records, follows } = crossedGroups(analysis);
    return new Set(
      records.filter((_, unit) => follows[unit] === EXPECTED[kind]).map(({ address }) => address),
    );
  }
  const { records, corrected } = groupsOf(analysis);
  if (corrected === null) return new Set();
  const { familyWise } = corrected;
  return new Set(
    records.filter((_, unit) => valueAt(familyWise, unit) <= ALPHA).map(({ address }) => address),
  );
}

function countFollowed(
  planted: readonly string[],
  { records, follows }: CrossedGranularity,
): Record<UnitResponse, number> {
  const counts = { grade: 0, rows: 0, levels: 0, none: 0 };
  for (const [unit, { address }] of records.entries())
    if (planted.includes(address)) counts[follows[unit] ?? "none"] += 1;
  return counts;
}

/** |t| of the contrast, or of the slopes on the grade. */
function absTOf(addresses: readonly string[], analysis: Analysis, kind: PlantPlan["kind"]): number[] {
  const { records } = groupsOf(analysis);
  const { t } = kind === "contrast" ? groupsOf(analysis).pairedT : crossedGroups(analysis).effects.slope;
  const places = new Map(records.map(({ address }, unit) => [address, unit]));
  return addresses.map((address) => {
    const unit = places.get(address);
    if (unit === undefined)
      throw new RangeError(`the planted unit ${address} is none of the analysed groups`);
    return Math.abs(valueAt(t, unit));
  });
}

function groupsOf({ granularities }: Analysis): Analysis["granularities"][number] {
  const groups = granularities.find(({ name }) => name === "group");
  if (groups === undefined)
    throw new RangeError("an analysis without groups cannot be compared with a plant");
  return groups;
}

function crossedGroups({ crossed }: Analysis): CrossedGranularity {
  const groups = crossed?.granularities.find(({ name }) => name === "group");
  if (groups === undefined)
    throw new RangeError("a plant in a crossed set is compared with the analysis of one");
  return groups;
}
