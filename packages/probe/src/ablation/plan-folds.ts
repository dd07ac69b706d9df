import type { PromptPair } from "@measure-plantain/prompts";
import { itemAt } from "../reading.ts";
import type { Ablation, AblationSettings } from "./ablation.ts";
import { chooseSources } from "./choose-sources.ts";
import { type Fold, foldPairs } from "./fold-pairs.ts";
import type { PairTest } from "./run-ablation.ts";

/** Which pairs rank, which are tried, and what their units are replaced by. */
export interface FoldPlan {
  readonly folds: readonly Fold[];
  /** In the order of the settings' pairs. */
  readonly tests: readonly PairTest[];
  /** All pairs of which a pass is run, ascending. */
  readonly neededPairs: readonly number[];
  /** The same as `ablation.json` has it. */
  readonly record: Pick<Ablation, "pairIds" | "folds" | "resampledFrom">;
}

/** What follows from the settings of an ablation for the pairs of a run. */
export function planFolds(
  pairs: readonly Pick<PromptPair, "id">[],
  settings: Pick<AblationSettings, "rankBy" | "method" | "seed" | "pairs">,
): FoldPlan {
  const folds = foldPairs(pairs.length, settings);
  const sources = chooseSources(folds, settings);
  const idOf = (pair: number): string => itemAt(pairs, pair).id;
  const tests = settings.pairs.map((pair, place) => ({
    pair,
    fold: folds.findIndex(({ tested }) => tested.includes(pair)),
    sources: sources[place] ?? [],
  }));
  const needed = tests.flatMap((test) => [test.pair, ...test.sources.map(({ pair }) => pair)]);
  return {
    folds,
    tests,
    neededPairs: [...new Set(needed)].sort((one, other) => one - other),
    record: {
      pairIds: settings.pairs.map(idOf),
      folds: folds.map(({ rankedBy, tested }) => ({
        rankedBy: rankedBy.map(idOf),
        tested: tested.map(idOf),
      })),
      resampledFrom:
        settings.method === "resample"
          ? sources.flat().map(({ pair, condition }) => ({
              pairId: idOf(pair),
              condition: condition === 0 ? "a" : "b",
            }))
          : null,
    },
  };
}
