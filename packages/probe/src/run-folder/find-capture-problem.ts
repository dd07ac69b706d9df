import { readTensors } from "@measure-plantain/flux-runtime";
import { unitRecords } from "@measure-plantain/head-hooks";
import { listReplicates } from "../settings/replicates.ts";
import { shardPairs } from "../settings/shard.ts";
import type { Manifest } from "./manifest.ts";
import { MEAN_SQUARE, meanOverReplicates, REPLICATES } from "./pass-files.ts";
import type { RunFolder } from "./run-folder.ts";

/** Says what is wrong with the captures of a run: another shape, or a value that is no mean square; `null` if nothing is. */
export async function findCaptureProblem(
  folder: RunFolder,
  { layout, promptSet, settings }: Manifest,
): Promise<string | null> {
  const tensors = await readTensors(folder.file("captures.safetensors"));
  const pairs = shardPairs(promptSet.pairs.length, settings.shard).length;
  const replicates = listReplicates(settings).length;
  for (const [name, { data, shape }] of tensors) {
    const stack = name === REPLICATES ? [replicates] : [];
    const expected = [...stack, pairs, 2, layout?.unitCount].join(" × ");
    if (shape.join(" × ") !== expected) return `${name} is ${shape.join(" × ")}, expected ${expected}`;
    const place = data.findIndex((value) => !(value >= 0 && value < Infinity));
    if (place !== -1)
      return `${name} holds ${data[place] ?? "nothing"} at place ${place}, which is no mean square`;
  }
  const [stack, mean] = [tensors.get(REPLICATES), tensors.get(MEAN_SQUARE)];
  if (replicates === 1) return null;
  if (stack === undefined || mean === undefined) return `the ${replicates} repetitions are missing`;
  const recomputed = meanOverReplicates(stack).data;
  return recomputed.every((value, index) => value === mean.data[index])
    ? null
    : "mean_square is not the mean of the repetitions";
}

/** The text of `units.json`: the address, block, kind and channels of each unit, in the order of the captures. */
export function unitsFile({ layout }: Pick<Manifest, "layout">): string {
  return `${JSON.stringify(layout === null ? [] : unitRecords(layout), null, 2)}\n`;
}
