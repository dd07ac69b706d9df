import { readCaptures } from "../run-folder/read-captures.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import type { Ablation } from "./ablation.ts";
import { testSet } from "./ablation-statistics.ts";
import { chooseSets } from "./choose-sets.ts";
import { planFolds } from "./plan-folds.ts";

/**
 * Checks an ablation against the run that it belongs to: the halves of the pairs and what was resampled are those of its seed,
 * the units those that the captures of each half rank, the random sets those of the seed, and every statistic and p is recomputed from the values of the pairs. The passes are not run again.
 *
 * @returns What is wrong, or `null`.
 */
export async function verifyAblation(folder: RunFolder, ablation: Ablation): Promise<string | null> {
  const manifest = await folder.readManifest();
  const { promptSet, capturesSha256 } = manifest;
  const { settings, pairIds, sets } = ablation;
  if (ablation.capturesSha256 !== capturesSha256) return "it was made with other captures";
  if (pairIds.join("\n") !== settings.pairs.map((pair) => promptSet.pairs[pair]?.id ?? "").join("\n"))
    return "its pairs are others than the run's";
  const { folds, record } = planFolds(promptSet.pairs, settings);
  if (!isSame(record.folds, ablation.folds)) return "its halves of the pairs are not those of the seed";
  if (!isSame(record.resampledFrom, ablation.resampledFrom))
    return "the passes that it resamples are not those of the seed";
  const chosen = chooseSets(await readCaptures(folder, manifest, { acceptChanged: true }), settings, folds);
  for (const [index, { name, size, set, random, tests }] of sets.entries()) {
    const expected = chosen[index];
    if (expected === undefined || expected.name !== name || !isSame(expected.units, set.units))
      return `the units of ${name} are not those of the run`;
    if (size !== expected.units[0]?.length) return `${name} has another size than it says`;
    if (
      !isSame(
        expected.random,
        random.map(({ units }) => units),
      )
    )
      return `the random sets of ${name} are not those of the seed`;
    const lengths = [set, ...random].flatMap(({ contrastMoved, contrastSize, disturbance }) =>
      [contrastMoved, contrastSize, disturbance].map(({ length }) => length),
    );
    if (lengths.some((length) => length !== settings.pairs.length))
      return `${name} has not one value for each pair`;
    if (!isSame(testSet(set, random), tests))
      return `the statistics of ${name} do not follow from the values of the pairs`;
  }
  return sets.length === chosen.length ? null : "it lacks a set that its settings name";
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
