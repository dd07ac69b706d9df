import { group } from "d3-array";
import type { UnitRecord } from "@measure-plantain/head-hooks";
import { pairedDifference, pairedT, selectPairs } from "@measure-plantain/paired-stats";
import { ProbeError } from "../probe-error.ts";
import { type Captures, type Granularity, splitByGranularity } from "../captures/granularities.ts";
import { itemAt, valueAt } from "../reading.ts";
import type { AblationSettings } from "./ablation.ts";
import type { Fold } from "./fold-pairs.ts";
import { createOrders } from "./random-order.ts";

/** A set of units to ablate, and the random sets that it is compared with; units by address, for each fold of the pairs. */
export interface ChosenSet {
  readonly name: string;
  readonly units: readonly (readonly string[])[];
  readonly random: readonly (readonly (readonly string[])[])[];
}

/** The units of one granularity that may be ablated: those that have a t in every fold. */
export interface Candidates {
  readonly records: readonly UnitRecord[];
  /** |t| over the pairs that rank [folds][records]. */
  readonly absT: readonly Float64Array[];
}

/** Some candidates by index, for each fold. */
export type FoldedSet = readonly (readonly number[])[];

/**
 * Takes the strongest units of a run by |t|, or those that are named, and draws random sets of as many units of the same
 * blocks and kinds. The units are ranked in each fold of the pairs by the pairs that rank there.
 *
 * A random set is what becomes of the set if the units of each block and kind exchange their names at random: the same
 * names in all folds, so that the sets of two halves have as many units in common as those of the set itself. A random set
 * may hold units of the set: if it were drawn from the others alone, sets could not be exchanged for one another, and p
 * would not be one.
 *
 * Units whose differences are all equal over the pairs that rank have no t there and take no part.
 *
 * @throws {ProbeError} if there are fewer units than asked for, an address is none of the run's, a unit has no t, or only
 * one set of these blocks and kinds can be made.
 */
export function chooseSets(
  captures: Captures,
  {
    granularity: name,
    top,
    units,
    random,
    seed,
  }: Pick<AblationSettings, "granularity" | "top" | "units" | "random" | "seed">,
  folds: readonly Pick<Fold, "rankedBy">[],
): ChosenSet[] {
  const granularity = splitByGranularity(captures).find((candidate) => candidate.name === name);
  if (granularity === undefined)
    throw new ProbeError("invalid-option", `The run has no units of the granularity ${name}.`);
  const candidates = listCandidates(granularity, folds);
  const { records } = candidates;
  const ranked = candidates.absT.map((absT) =>
    [...records.keys()].sort((one, other) => valueAt(absT, other) - valueAt(absT, one)),
  );
  const chosen = top.map((count) => {
    if (count >= records.length) {
      throw new ProbeError(
        "invalid-option",
        `The option \`top: ${count}\` asks for the strongest of ${records.length} units of the granularity ${name} that vary between the pairs. Ablate fewer than all of them.`,
      );
    }
    return { name: `top ${count}`, set: ranked.map((order) => order.slice(0, count)) };
  });
  if (units.length > 0) {
    const named = [...new Set(units)].map((address) => findUnit(address, granularity, records));
    chosen.push({ name: "named", set: folds.map(() => named) });
  }
  const addresses = (set: FoldedSet): string[][] =>
    set.map((indices) => indices.map((index) => itemAt(records, index).address));
  return chosen.map(({ name, set }) => ({
    name,
    units: addresses(set),
    random: drawMatched(name, set, { records, random, seed }).map(addresses),
  }));
}

/** Lists the units of a granularity that have a t in every fold, with it. */
export function listCandidates(
  { records, a, b }: Granularity,
  folds: readonly Pick<Fold, "rankedBy">[],
): Candidates {
  const differences = pairedDifference(a, b);
  const tested = folds.map(({ rankedBy }) => pairedT(selectPairs(differences, rankedBy)));
  const degenerate = new Set(tested.flatMap(({ degenerateUnits }) => [...degenerateUnits]));
  const varying = [...records.keys()].filter((unit) => !degenerate.has(unit));
  return {
    records: varying.map((unit) => itemAt(records, unit)),
    absT: tested.map(({ t }) => Float64Array.from(varying, (unit) => Math.abs(valueAt(t, unit)))),
  };
}

/** The index of a unit among the candidates. @throws {ProbeError} `invalid-option` if the run has none of that address, or it has no t. */
export function findUnit(
  address: string,
  { name, records }: Granularity,
  candidates: readonly UnitRecord[],
): number {
  const index = candidates.findIndex((unit) => unit.address === address);
  if (index >= 0) return index;
  const isDegenerate = records.some((record) => record.address === address);
  throw new ProbeError(
    "invalid-option",
    isDegenerate
      ? `${address} has the same difference in every pair that ranks, so it has no t and cannot be compared with others. Leave it out.`
      : `The run has no ${name} ${address}. Take an address from its ${name === "head" ? "heads.csv" : "units.csv"}.`,
  );
}

/**
 * Draws random sets of as many units of the same blocks and kinds as a set has.
 *
 * @param name - Of the set: each has a drawing of its own.
 * @throws {ProbeError} `invalid-option` if there is no other such set.
 */
export function drawMatched(
  name: string,
  set: FoldedSet,
  {
    records,
    random,
    seed,
  }: { readonly records: readonly UnitRecord[]; readonly random: number; readonly seed: number },
): FoldedSet[] {
  const sectionOf = (unit: number): string => {
    const { block, kind } = itemAt(records, unit);
    return `${block}.${kind}`;
  };
  const available = group(records.keys(), sectionOf);
  const wanted = new Set(set.flat().map(sectionOf));
  const isWhole = (units: readonly number[]): boolean =>
    [...group(units, sectionOf)].every(([section, { length }]) => length === available.get(section)?.length);
  if (set.every(isWhole)) {
    throw new ProbeError(
      "invalid-option",
      `The set ${name} takes all units of its blocks and kinds (${[...wanted].join(", ")}): there is no other such set to compare it with.`,
    );
  }
  const drawOrder = createOrders(`random sets for ${name}`, seed);
  return Array.from({ length: random }, () => {
    const exchanged = new Map<number, number>();
    for (const [section, units] of available) {
      if (!wanted.has(section)) continue;
      for (const [place, other] of drawOrder(units.length).entries())
        exchanged.set(valueAt(units, place), valueAt(units, other));
    }
    return set.map((units) => units.map((unit) => exchanged.get(unit) ?? unit));
  });
}
