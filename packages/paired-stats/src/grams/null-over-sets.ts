import { setImmediate } from "node:timers/promises";
import { countReaching, pOfRank, testAgainstNull, type Tested } from "../flips/null-distribution.ts";
import type { ComputingOptions } from "../flips/score-labellings.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { itemAt, valueAt } from "../reading.ts";

/** A statistic of one set of channels, against its own null and against that of all sets. */
export interface TestedSet extends Tested {
  /** The share of labellings, the observed one among them, under which any set reaches this one; 1 for degenerate sets. */
  readonly familyWiseP: number;
}

/** One statistic of every set under the same labellings. */
export interface NullOverSets {
  /** One entry per set, in their order. */
  readonly sets: readonly TestedSet[];
  /** The greatest value of any set. */
  readonly maximum: Tested;
}

/** Computes the statistics of one set, each from −1 to 1, under a labelling; under the observed one for `undefined`. */
export type SetScorer = (labelling: number | undefined, values: Float64Array) => void;

/** What is scored under which labellings. */
export interface SetsJob extends Pick<ComputingOptions, "onProgress" | "signal"> {
  readonly sets: number;
  /** Sets without the statistics: 0 under every labelling, p 1, and no part of the maximum. */
  readonly degenerateSets: readonly number[];
  readonly labellings: number;
  readonly exact: boolean;
  /** How many statistics a set has. */
  readonly statistics: number;
  /** Prepares a set; the sets are scored one after the other. */
  readonly prepare: (set: number) => SetScorer;
}

/** More values than this fill gigabytes. */
const MOST_VALUES = 2 ** 27;
/** Labellings between two looks at the abort signal: a few milliseconds. */
const PORTION = 1024;
/** Statistics that are no further apart are equal but for rounding. */
const TIE = 1e-10;

/**
 * Scores every set under every labelling.
 *
 * @returns one entry per statistic.
 * @throws {@link PairedStatsError} `degenerate` if no set has the statistics, `too-many-labellings` for a null that memory
 *   cannot hold. An aborted signal rejects with its reason.
 * @see Nichols & Holmes (2002), Hum. Brain Mapp. 15, 1 (the maximum over all that is tested).
 */
export async function nullOverSets(job: SetsJob): Promise<readonly NullOverSets[]> {
  const { sets, degenerateSets, labellings, exact, statistics, prepare, onProgress, signal } = job;
  signal?.throwIfAborted();
  if (sets * labellings * statistics > MOST_VALUES)
    throw new PairedStatsError(
      "too-many-labellings",
      `expected at most ${MOST_VALUES} values of the null, got ${sets} sets × ${labellings} labellings × ${statistics} ` +
        "statistics; take fewer labellings, or fewer sets at a time",
      { sets, labellings, statistics },
    );
  const degenerate = new Set(degenerateSets);
  if (degenerate.size === sets)
    throw new PairedStatsError("degenerate", "grams: expected a set whose rows vary, got none", { sets });
  const results = Array.from({ length: statistics }, () => ({
    observed: new Float64Array(sets),
    values: Array.from({ length: sets }, () => new Float64Array(labellings)),
    maxima: new Float64Array(labellings).fill(-Infinity),
  }));
  const scores = new Float64Array(statistics);
  for (let set = 0; set < sets; set += 1) {
    if (degenerate.has(set)) continue;
    const score = prepare(set);
    score(undefined, scores);
    for (const [statistic, { observed }] of results.entries()) observed[set] = valueAt(scores, statistic);
    for (let labelling = 0; labelling < labellings; labelling += 1) {
      score(labelling, scores);
      for (const [statistic, { values, maxima }] of results.entries()) {
        const value = valueAt(scores, statistic);
        itemAt(values, set)[labelling] = value;
        if (value > valueAt(maxima, labelling)) maxima[labelling] = value;
      }
      if ((labelling + 1) % PORTION !== 0 && labelling + 1 < labellings) continue;
      onProgress?.({ done: set * labellings + labelling + 1, total: sets * labellings });
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  return results.map(({ observed, values, maxima }) => {
    const sorted = maxima.slice().sort();
    const greatest = observed.reduce(
      (most, value, set) => (degenerate.has(set) ? most : Math.max(most, value)),
      -Infinity,
    );
    return {
      sets: values.map((ofSet, set) => {
        const least = valueAt(observed, set) - TIE;
        return {
          ...testAgainstNull(valueAt(observed, set), ofSet, exact, least),
          familyWiseP: degenerate.has(set) ? 1 : pOfRank(countReaching(sorted, least), labellings, exact),
        };
      }),
      maximum: testAgainstNull(greatest, maxima, exact, greatest - TIE),
    };
  });
}
