import { group } from "d3-array";
import { createTorchGenerator } from "@measure-plantain/flux-runtime";
import type { UnitRecord } from "@measure-plantain/head-hooks";
import { pairedDifference, pairedT } from "@measure-plantain/paired-stats";
import { ProbeError } from "../probe-error.ts";
import { type Captures, splitByGranularity } from "../captures/granularities.ts";
import type { AblationSettings } from "./ablation.ts";
import { namedSeed } from "../settings/named-seed.ts";
import { valueAt } from "../reading.ts";

/** A set of units to ablate, and the random sets to hold it against; units by address. */
export interface ChosenSet {
  readonly name: string;
  readonly units: readonly string[];
  readonly random: readonly (readonly string[])[];
}

/** A unit that may be ablated. */
interface Candidate extends UnitRecord {
  readonly absT: number;
}

/**
 * Takes the strongest units of a run by |t|, or those that are named, and draws random sets of as many units of the same
 * blocks and kinds. A random set may hold units of the set itself: were it drawn from the others alone, sets could not be
 * exchanged for one another, and p would not be one.
 *
 * Units whose differences are all equal have no t and take no part.
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
): ChosenSet[] {
  const granularity = splitByGranularity(captures).find((candidate) => candidate.name === name);
  if (granularity === undefined)
    throw new ProbeError("invalid-option", `The run has no units of the granularity ${name}.`);
  const { t, degenerateUnits } = pairedT(pairedDifference(granularity.a, granularity.b));
  const degenerate = new Set(degenerateUnits);
  const candidates = granularity.records.flatMap((record, unit): Candidate[] =>
    degenerate.has(unit) ? [] : [{ ...record, absT: Math.abs(valueAt(t, unit)) }],
  );
  const ranked = candidates.toSorted((one, other) => other.absT - one.absT);
  const chosen = top.map((count) => {
    if (count >= ranked.length) {
      throw new ProbeError(
        "invalid-option",
        `The option \`top: ${count}\` asks for the strongest of ${ranked.length} units of the granularity ${name} that vary between the pairs. Ablate fewer than all of them.`,
      );
    }
    return { name: `top ${count}`, units: ranked.slice(0, count) };
  });
  if (units.length > 0) chosen.push({ name: "named", units: [...new Set(units)].map(find) });
  return chosen.map((set) => ({
    name: set.name,
    units: set.units.map(({ address }) => address),
    random: drawMatched(set, candidates, { random, seed }),
  }));

  function find(address: string): Candidate {
    const candidate = candidates.find((unit) => unit.address === address);
    if (candidate !== undefined) return candidate;
    const isDegenerate = granularity?.records.some((record) => record.address === address) === true;
    throw new ProbeError(
      "invalid-option",
      isDegenerate
        ? `${address} has the same difference in every pair, so it has no t and cannot be held against others. Leave it out.`
        : `The run has no ${name} ${address}. Take an address from its ${name === "head" ? "heads.csv" : "units.csv"}.`,
    );
  }
}

function drawMatched(
  set: { readonly name: string; readonly units: readonly Candidate[] },
  candidates: readonly Candidate[],
  { random, seed }: { readonly random: number; readonly seed: number },
): string[][] {
  const sectionOf = ({ block, kind }: UnitRecord): string => `${block}.${kind}`;
  const wanted = group(set.units, sectionOf);
  const available = group(candidates, sectionOf);
  const isOnlyOne = [...wanted].every(([section, { length }]) => length === available.get(section)?.length);
  if (isOnlyOne) {
    throw new ProbeError(
      "invalid-option",
      `The set ${set.name} takes all units of its blocks and kinds (${[...wanted.keys()].join(", ")}): there is no other such set to hold it against.`,
    );
  }
  const generator = createTorchGenerator(namedSeed(`random sets for ${set.name}`, seed));
  return Array.from({ length: random }, () =>
    [...wanted].flatMap(([section, { length }]) => {
      const units = available.get(section) ?? [];
      const keys = generator.randn([units.length]).data; // units in the order of random keys
      return units
        .map(({ address }, unit) => ({ address, key: valueAt(keys, unit) }))
        .sort((one, other) => one.key - other.key)
        .slice(0, length)
        .map(({ address }) => address);
    }),
  );
}
