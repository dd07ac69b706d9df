import { PairedStatsError } from "../paired-stats-error.ts";
import { itemAt } from "../reading.ts";

/** What was varied from replicate to replicate, its levels taken as a random sample of many. */
export interface CrossedFactor {
  /** As `reference`. */
  readonly name: string;
  /** The level under which each replicate was measured, in the order of the replicates. */
  readonly levels: readonly (string | number)[];
}

/** Every combination of the factors' levels, each measured once. */
export interface Crossing {
  /** How many levels each factor has. */
  readonly sizes: readonly number[];
  /** The replicate of each combination, the last factor's level varying fastest. */
  readonly order: readonly number[];
}

/**
 * Arranges replicates by their factors.
 *
 * @throws {@link PairedStatsError} `shape-mismatch` unless each factor has a level for each replicate; `invalid-argument` for no
 *   factor, a name that is taken, and a factor of one level; `shape-mismatch` unless every combination occurs once.
 */
export function arrangeCrossing(factors: readonly CrossedFactor[], replicates: number): Crossing {
  if (factors.length === 0)
    throw new PairedStatsError(
      "invalid-argument",
      "factors: expected what varies between the replicates, got no factor",
    );
  for (const [place, factor] of factors.entries()) checkFactor(factor, factors.slice(0, place), replicates);
  const levels = factors.map((factor) => [...new Set(factor.levels)]);
  const sizes = levels.map(({ length }) => length);
  const order = new Array<number>(sizes.reduce((product, size) => product * size, 1)).fill(-1);
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    const cell = factors.reduce((place, factor, k) => {
      const of = itemAt(levels, k);
      return place * of.length + of.indexOf(itemAt(factor.levels, replicate));
    }, 0);
    if (order[cell] !== -1) throw notCrossed(sizes, replicates);
    order[cell] = replicate;
  }
  if (order.includes(-1)) throw notCrossed(sizes, replicates);
  return { sizes, order };
}

function checkFactor(
  { name, levels }: CrossedFactor,
  earlier: readonly CrossedFactor[],
  replicates: number,
): void {
  if (levels.length !== replicates)
    throw new PairedStatsError(
      "shape-mismatch",
      `factor ${name}: expected ${replicates} levels, one per replicate, got ${levels.length}`,
      { factor: name, levels: levels.length, replicates },
    );
  if (name === "pair" || earlier.some((other) => other.name === name))
    throw new PairedStatsError(
      "invalid-argument",
      `factors: expected names of their own, got ${name} again`,
      {
        factor: name,
      },
    );
  if (new Set(levels).size < 2)
    throw new PairedStatsError(
      "invalid-argument",
      `factor ${name}: expected two levels or more, got one; a factor of one level has no variance, so leave it out`,
      { factor: name },
    );
}

function notCrossed(sizes: readonly number[], replicates: number): PairedStatsError {
  return new PairedStatsError(
    "shape-mismatch",
    `factors: expected every combination of their ${sizes.join(" × ")} levels once, got ${replicates} replicates that are ` +
      "not; average those that share a combination, or measure the ones that are missing",
    { replicates },
  );
}
