import type { Matrix } from "../matrix.ts";
import { checkOptions, checkThresholds } from "../options.ts";
import { pairedT, type PairedT } from "../paired-t.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { itemAt, valueAt } from "../reading.ts";
import { averageDifferences, checkReplicates } from "./average-differences.ts";

/** Options of {@link leaveOneLevelOut}. */
export interface LeaveOneLevelOutOptions {
  /** Units are counted whose |t| is strictly greater. */
  readonly thresholds?: ArrayLike<number>;
}

/** What one level of a factor shows, and what the others show without it: counts in the order of the thresholds. */
export interface LevelLeftOut {
  /** The level. */
  readonly level: string | number;
  /** Units over each threshold in the mean over this level's replicates. */
  readonly alone: readonly number[];
  /** Units over each threshold in the mean over all other replicates. */
  readonly without: readonly number[];
}

/** How many units over one threshold in the mean over all replicates depend on no single level. */
export interface LevelSurvivors {
  /** The threshold of |t|. */
  readonly threshold: number;
  /** Units over it in the mean over all replicates. */
  readonly over: number;
  /** Of them, those over it with the same sign in every level alone. */
  readonly inEveryLevel: number;
  /** Of them, those over it with the same sign whichever level is left out. */
  readonly withAnyLevelOut: number;
}

/** Whether results depend on one level of a factor. */
export interface LeaveOneLevelOut {
  /** The levels in the order in which they first occur. */
  readonly levels: readonly LevelLeftOut[];
  /** One entry per threshold, in their order. */
  readonly survivors: readonly LevelSurvivors[];
}

/**
 * Paired t tests of each level of a factor alone and of all the others: does a result depend on one image, one noise?
 *
 * @param replicates - differences `[pairs, units]` per replicate, two pairs or more.
 * @param levels - the level under which each replicate was measured; two different ones or more.
 * @throws {@link PairedStatsError} `shape-mismatch` for matrices of different shapes and another number of levels,
 *   `invalid-argument` for a single level or invalid thresholds, and for invalid differences as {@link pairedT}.
 * @example
 * const { survivors } = leaveOneLevelOut(replicates, ["first image", "second image"], { thresholds: [3] });
 * survivors[0].inEveryLevel; // of survivors[0].over
 */
export function leaveOneLevelOut(
  replicates: readonly Matrix[],
  levels: readonly (string | number)[],
  options: LeaveOneLevelOutOptions = {},
): LeaveOneLevelOut {
  checkOptions(options, ["thresholds"]);
  const thresholds = checkThresholds(options.thresholds ?? [3, 5]);
  checkReplicates(replicates, 2);
  const names = [...new Set(levels)];
  if (levels.length !== replicates.length)
    throw new PairedStatsError(
      "shape-mismatch",
      `levels: expected ${replicates.length}, one per replicate, got ${levels.length}`,
      { levels: levels.length, replicates: replicates.length },
    );
  if (names.length < 2)
    throw new PairedStatsError(
      "invalid-argument",
      "levels: expected two different ones or more, got one",
      {},
    );
  const testWhere = (isKept: (level: string | number) => boolean): PairedT =>
    pairedT(averageDifferences(replicates.filter((_, place) => isKept(itemAt(levels, place)))));
  const whole = testWhere(() => true);
  const parts = names.map((level) => ({
    level,
    alone: testWhere((other) => other === level),
    without: testWhere((other) => other !== level),
  }));
  return {
    levels: parts.map(({ level, alone, without }) => ({
      level,
      alone: thresholds.map((threshold) => unitsOver(alone, threshold).length),
      without: thresholds.map((threshold) => unitsOver(without, threshold).length),
    })),
    survivors: thresholds.map((threshold) => {
      const over = unitsOver(whole, threshold);
      const surviving = (tests: readonly PairedT[]): number => {
        const kept = tests.map((test) => new Set(unitsOver(test, threshold)));
        return over.filter((unit) =>
          tests.every((test, k) => kept[k]?.has(unit) === true && haveSameSign(test, whole, unit)),
        ).length;
      };
      return {
        threshold,
        over: over.length,
        inEveryLevel: surviving(parts.map(({ alone }) => alone)),
        withAnyLevelOut: surviving(parts.map(({ without }) => without)),
      };
    }),
  };
}

/** The units over a threshold by more than a tie, the degenerate ones left out. */
function unitsOver({ leastTiedT, degenerateUnits }: PairedT, threshold: number): number[] {
  const degenerate = new Set(degenerateUnits);
  return [...leastTiedT.keys()].filter(
    (unit) => !degenerate.has(unit) && valueAt(leastTiedT, unit) > threshold,
  );
}

function haveSameSign(one: PairedT, other: PairedT, unit: number): boolean {
  return Math.sign(valueAt(one.t, unit)) === Math.sign(valueAt(other.t, unit));
}
