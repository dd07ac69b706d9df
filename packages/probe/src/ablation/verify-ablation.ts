import { readCaptures } from "../run-folder/read-captures.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import type { Ablation } from "./ablation.ts";
import { testSet } from "./ablation-statistics.ts";
import { chooseSets } from "./choose-sets.ts";

/**
 * Checks an ablation against the run that it belongs to: the units are those that the captures rank, the random sets those of
 * its seed, and every statistic and p is recomputed from the values of the pairs. The passes are not run again.
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
  const chosen = chooseSets(await readCaptures(folder, manifest, { acceptChanged: true }), settings);
  for (const [index, { name, set, random, tests }] of sets.entries()) {
    const expected = chosen[index];
    if (expected?.units.join() !== set.units.join()) return `the units of ${name} are not those of the run`;
    if (expected.random.join() !== random.map(({ units }) => units).join())
      return `the random sets of ${name} are not those of the seed`;
    const lengths = [set, ...random].flatMap(({ contrastMoved, contrastSize, disturbance }) =>
      [contrastMoved, contrastSize, disturbance].map(({ length }) => length),
    );
    if (lengths.some((length) => length !== settings.pairs.length))
      return `${name} has not one value for each pair`;
    if (JSON.stringify(testSet(set, random)) !== JSON.stringify(tests))
      return `the statistics of ${name} do not follow from the values of the pairs`;
  }
  return sets.length === chosen.length ? null : "it lacks a set that its settings name";
}
