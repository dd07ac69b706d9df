import { access } from "node:fs/promises";
import { readTensors, writeSafetensors, type Tensor } from "@measure-plantain/flux-runtime";
import type { RunFolder } from "./run-folder.ts";
import { valueAt } from "../reading.ts";

/** One pass: a pair under one of its two conditions, in one of the run's repetitions. */
export interface PassKey {
  readonly pair: number;
  readonly condition: 0 | 1;
  /** From 0. */
  readonly replicate: number;
}

/** The mean squares over all tokens, and those of each repetition, by their names in the captures. */
export const MEAN_SQUARE = "mean_square";
export const REPLICATES = "replicates";

/** What a pass captured: the mean squares of every unit, and of each token segment where they were asked for. */
export type PassCapture = ReadonlyMap<string, Tensor>;

function pathOf(folder: RunFolder, { pair, condition, replicate }: PassKey): string {
  const name = `${String(pair).padStart(5, "0")}-${condition === 0 ? "a" : "b"}-${replicate + 1}`;
  return folder.file("passes", `${name}.safetensors`);
}

/** Whether a pass is stored; a stored one is whole. */
export async function hasPass(folder: RunFolder, key: PassKey): Promise<boolean> {
  return access(pathOf(folder, key)).then(
    () => true,
    () => false,
  );
}

/** Stores a pass: it appears whole or not at all. */
export async function writePass(folder: RunFolder, key: PassKey, capture: PassCapture): Promise<void> {
  await writeSafetensors(
    pathOf(folder, key),
    [...capture].map(([name, tensor]) => ({ name, ...tensor })),
  );
}

/**
 * Joins the passes of some pairs into one array for each name.
 *
 * @param pairs - Their indices in the prompt set.
 * @param replicates - How often each pass was repeated.
 * @returns Each [pairs, 2, units], the mean over the repetitions; where there are several, also what they are, as
 * `replicates` [replicates, pairs, 2, units] of the mean squares over all tokens.
 */
export async function joinPasses(
  folder: RunFolder,
  pairs: readonly number[],
  replicates: number,
): Promise<Map<string, Tensor>> {
  const stacks = new Map<string, Tensor>(); // [replicates, pairs, 2, units]
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    for (const [row, pair] of pairs.entries()) {
      for (const condition of [0, 1] as const) {
        const pass = await readTensors(pathOf(folder, { pair, condition, replicate }));
        for (const [name, { data, shape }] of pass) {
          const units = shape.at(-1) ?? 0;
          const stack = stacks.get(name) ?? {
            data: new Float32Array(replicates * pairs.length * 2 * units),
            shape: [replicates, pairs.length, 2, units],
          };
          stack.data.set(data, ((replicate * pairs.length + row) * 2 + condition) * units);
          stacks.set(name, stack);
        }
      }
    }
  }
  const joined = new Map([...stacks].map(([name, stack]) => [name, meanOverReplicates(stack)]));
  const whole = stacks.get(MEAN_SQUARE);
  if (replicates > 1 && whole !== undefined) joined.set(REPLICATES, whole);
  return joined;
}

/** [R, …] → […], summed in float64. */
export function meanOverReplicates({ data, shape: [replicates = 0, ...rest] }: Tensor): Tensor {
  const length = data.length / replicates;
  const mean = new Float32Array(length);
  for (let index = 0; index < length; index += 1) {
    let sum = 0;
    for (let replicate = 0; replicate < replicates; replicate += 1)
      sum += valueAt(data, replicate * length + index);
    mean[index] = sum / replicates;
  }
  return { data: mean, shape: rest };
}
