import type { Analysis } from "./analyze-captures.ts";
import type { PlantPlan } from "@measure-plantain/probe";
import { valueAt } from "../reading.ts";

/** The family-wise error at which planted units are looked for. */
const ALPHA = 0.05;

/** What the probe found of a planted effect, among its groups. */
export interface PlantScore {
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

/**
 * Holds the units that are significant at a family-wise error of 0.05 against those that were planted.
 *
 * @param run - The analysis of the same checkpoint without the plant.
 * @throws RangeError where the analysis has no groups, or lacks a planted unit.
 */
export function scorePlant({ units }: PlantPlan, analysis: Analysis, run?: Analysis): PlantScore {
  const significant = significantGroups(analysis);
  const planted = units.filter(({ role }) => role === "planted").map(({ address }) => address);
  const decoys = units.filter(({ role }) => role === "decoy").map(({ address }) => address);
  const found = planted.filter((address) => significant.has(address));
  const others = [...significant].filter((address) => !planted.includes(address));
  const inRun = run === undefined ? null : significantGroups(run);
  return {
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
    absT: absTOf(planted, analysis).sort((one, other) => one - other),
  };
}

function significantGroups(analysis: Analysis): Set<string> {
  const { records, corrected } = groupsOf(analysis);
  if (corrected === null) return new Set();
  const { familyWise } = corrected;
  return new Set(
    records.filter((_, unit) => valueAt(familyWise, unit) <= ALPHA).map(({ address }) => address),
  );
}

function absTOf(addresses: readonly string[], analysis: Analysis): number[] {
  const { records, pairedT } = groupsOf(analysis);
  const places = new Map(records.map(({ address }, unit) => [address, unit]));
  return addresses.map((address) => {
    const unit = places.get(address);
    if (unit === undefined)
      throw new RangeError(`the planted unit ${address} is none of the analysed groups`);
    return Math.abs(valueAt(pairedT.t, unit));
  });
}

function groupsOf({ granularities }: Analysis): Analysis["granularities"][number] {
  const groups = granularities.find(({ name }) => name === "group");
  if (groups === undefined) throw new RangeError("an analysis without groups cannot be held against a plant");
  return groups;
}
