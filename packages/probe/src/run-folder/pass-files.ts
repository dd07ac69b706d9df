import { access } from "node:fs/promises";
import { readTensors, writeSafetensors, type Tensor } from "@measure-plantain/flux-runtime";
import { MEAN_SQUARE, REPLICATES } from "../captures/capture-tensors.ts";
import { itemAt, valueAt } from "../reading.ts";
import type { RunFolder } from "./run-folder.ts";

/** One pass: a pair under one of its two conditions, in one of the run's repetitions. */
export interface PassKey {
  readonly pair: number;
  readonly condition: 0 | 1;
  /** From 0. */
  readonly replicate: number;
}

/** What a pass captured, by its name in the captures: each value of one pair under one condition, in one axis. */
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
 * Joins the passes of some pairs into one array for each name. What is held at once is the result and the repetitions of one
 * pass.
 *
 * @param pairs - Their indices in the prompt set.
 * @param replicates - How often each pass was repeated.
 * @returns Each [pairs, 2, values], the mean over the repetitions; if there are several, also what they are, as
 * `replicates` [replicates, pairs, 2, units] of the mean squares over all tokens.
 */
export async function joinPasses(
  folder: RunFolder,
  pairs: readonly number[],
  replicates: number,
): Promise<Map<string, Tensor>> {
  const joined = new Map<string, Tensor>();
  let stack: Tensor | undefined;
  for (const [row, pair] of pairs.entries()) {
    for (const condition of [0, 1] as const) {
      const passes: (readonly [name: string, values: Float32Array])[][] = [];
      for (let replicate = 0; replicate < replicates; replicate += 1) {
        const stored = await readTensors(pathOf(folder, { pair, condition, replicate }));
        passes.push([...stored].map(([name, { data }]) => [name, data]));
      }
      for (const [place, [name]] of itemAt(passes, 0).entries()) {
        const repeated = passes.map((pass) => itemAt(pass, place)[1]);
        const mean = meanOf(repeated);
        const whole = joined.get(name) ?? emptyTensor([pairs.length, 2, mean.length]);
        whole.data.set(mean, (2 * row + condition) * mean.length);
        joined.set(name, whole);
        if (replicates === 1 || name !== MEAN_SQUARE) continue;
        stack ??= emptyTensor([replicates, pairs.length, 2, mean.length]);
        for (const [replicate, values] of repeated.entries())
          stack.data.set(values, ((replicate * pairs.length + row) * 2 + condition) * values.length);
      }
    }
  }
  if (stack !== undefined) joined.set(REPLICATES, stack);
  return joined;
}

/** [R, …] → […], summed in float64. */
export function meanOverReplicates({ data, shape: [replicates = 0, ...rest] }: Tensor): Tensor {
  const length = data.length / replicates;
  const parts = Array.from({ length: replicates }, (_, place) =>
    data.subarray(place * length, (place + 1) * length),
  );
  return { data: meanOf(parts), shape: rest };
}

function emptyTensor(shape: readonly number[]): Tensor {
  return { data: new Float32Array(shape.reduce((count, axis) => count * axis, 1)), shape };
}

/** The mean of vectors of one length, summed in float64. */
function meanOf(vectors: readonly Float32Array[]): Float32Array {
  return itemAt(vectors, 0).map((_, index) => {
    let sum = 0;
    for (const vector of vectors) sum += valueAt(vector, index);
    return sum / vectors.length;
  });
}
