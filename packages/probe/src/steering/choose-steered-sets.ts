import { mean } from "d3-array";
import { drawMatched, findUnit, listCandidates } from "../ablation/choose-sets.ts";
import { createOrders } from "../ablation/random-order.ts";
import { type Captures, splitByGranularity } from "../captures/granularities.ts";
import { ProbeError } from "../probe-error.ts";
import { itemAt, valueAt } from "../reading.ts";
import type { SteeredSet, SteeringSettings } from "./steering.ts";

/** Units as the user asks for them: so many by their rank or at random. */
const COUNTED = /^(top|bottom|random):(\d+)$/;

/** How a kind of set orders all units: by |t|, the strongest or the weakest first, or at random. */
type Order = "top" | "bottom" | "random";

/**
 * Chooses the units to scale, ranked by |t| over all pairs of the run: the strongest, next to as many of the weakest and matched
 * random sets, which hold as many units of the same blocks and kinds; the weakest or random units alone; and named units, next
 * to matched random sets.
 *
 * @throws {ProbeError} `invalid-option` if there are fewer units than asked for, an address is none of the run's, or a set has no
 * matched random set.
 */
export function chooseSteeredSets(
  captures: Captures,
  {
    granularity: name,
    units,
    random,
    setSeed: seed,
  }: Pick<SteeringSettings, "granularity" | "units" | "random" | "setSeed">,
): SteeredSet[] {
  const granularity = splitByGranularity(captures).find((candidate) => candidate.name === name);
  if (granularity === undefined)
    throw new ProbeError("invalid-option", `The run has no units of the granularity ${name}.`);
  const [pairs] = captures.meanSquare.shape;
  const { records, absT: folds } = listCandidates(granularity, [{ rankedBy: [...Array(pairs).keys()] }]);
  const absT = itemAt(folds, 0);
  const ranked = [...records.keys()].sort((one, other) => valueAt(absT, other) - valueAt(absT, one));
  const orders: Readonly<Record<Order, () => readonly number[]>> = {
    top: () => ranked,
    bottom: () => ranked.toReversed(),
    random: () => createOrders("random units", seed)(records.length),
  };

  const sets = new Map<string, readonly number[]>();
  const addMatched = (like: string, set: readonly number[]): void => {
    for (const [index, [matched = []]] of drawMatched(like, [set], { records, random, seed }).entries())
      sets.set(`random ${index + 1} like ${like}`, matched);
  };
  for (const spec of units) {
    const [, kind, digits] = COUNTED.exec(spec) ?? [];
    if (kind === undefined) continue;
    const count = Number(digits);
    if (count < 1 || count >= records.length) {
      throw new ProbeError(
        "invalid-option",
        `The option \`units: ${spec}\` asks for ${count} of ${records.length} units of the granularity ${name} that vary between the pairs. Ask for one or more, and fewer than all of them.`,
        { option: "units" },
      );
    }
    const order = kind as Order; // the expression matches these alone
    sets.set(`${kind} ${count}`, orders[order]().slice(0, count));
    if (kind !== "top") continue;
    sets.set(`bottom ${count}`, orders.bottom().slice(0, count));
    if (random > 0) addMatched(`top ${count}`, ranked.slice(0, count));
  }
  const addresses = units.filter((spec) => !COUNTED.test(spec));
  if (addresses.length > 0) {
    const named = [...new Set(addresses)].map((address) => findUnit(address, granularity, records));
    sets.set("named", named);
    if (random > 0) addMatched("named", named);
  }
  return Array.from(sets, ([set, indices]) => ({
    name: set,
    units: indices.map((index) => itemAt(records, index).address),
    meanAbsT: mean(indices, (index) => valueAt(absT, index)) ?? NaN,
  }));
}
