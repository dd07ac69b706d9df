import { readTensors } from "@measure-plantain/flux-runtime";
import { unitRecords } from "@measure-plantain/head-hooks";
import { listReplicates } from "../settings/replicates.ts";
import { shardPairs } from "../settings/shard.ts";
import { captureForm, CHANNEL_MEAN, isValue, MEAN_SQUARE, REPLICATES } from "../captures/capture-tensors.ts";
import type { Manifest } from "./manifest.ts";
import { meanOverReplicates } from "./pass-files.ts";
import type { RunFolder } from "./run-folder.ts";

/** Says what is wrong with the captures of a run: a missing tensor, another shape, or an impossible value; `null` if nothing is. */
export async function findCaptureProblem(folder: RunFolder, manifest: Manifest): Promise<string | null> {
  const { promptSet, settings } = manifest;
  const tensors = await readTensors(folder.file("captures.safetensors"));
  const pairs = shardPairs(promptSet.pairs.length, settings.shard).length;
  const replicates = listReplicates(settings).length;
  for (const [name, { data, shape }] of tensors) {
    const form = captureForm(name, manifest, shape);
    const expected = [...form.stack, pairs, ...form.row].join(" × ");
    if (shape.join(" × ") !== expected) return `${name} is ${shape.join(" × ")}, expected ${expected}`;
    const place = data.findIndex((value) => !isValue(form, value));
    if (place !== -1)
      return `${name} holds ${data[place] ?? "nothing"} at place ${place}, which is no ${form.value}`;
  }
  if (settings.capture === "signed" && !tensors.has(CHANNEL_MEAN))
    return `${CHANNEL_MEAN}, the signed means, is missing`;
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
