import { access } from "node:fs/promises";
import { readTensors, writeSafetensors, type Tensor } from "@measure-plantain/flux-runtime";
import type { RunFolder } from "./run-folder.ts";

/** One pass: a pair under one of its two conditions. */
export interface PassKey {
  readonly pair: number;
  readonly condition: 0 | 1;
}

/** What a pass captured: the mean squares of every unit, and of each token segment where they were asked for. */
export type PassCapture = ReadonlyMap<string, Tensor>;

function pathOf(folder: RunFolder, { pair, condition }: PassKey): string {
  return folder.file("passes", `${String(pair).padStart(5, "0")}-${condition === 0 ? "a" : "b"}.safetensors`);
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
 * @returns Each [pairs, 2, units].
 */
export async function joinPasses(folder: RunFolder, pairs: readonly number[]): Promise<Map<string, Tensor>> {
  const joined = new Map<string, Tensor>();
  for (const [row, pair] of pairs.entries()) {
    for (const condition of [0, 1] as const) {
      for (const [name, { data, shape }] of await readTensors(pathOf(folder, { pair, condition }))) {
        const units = shape.at(-1) ?? 0;
        const whole = joined.get(name) ?? {
          data: new Float32Array(pairs.length * 2 * units),
          shape: [pairs.length, 2, units],
        };
        whole.data.set(data, (row * 2 + condition) * units);
        joined.set(name, whole);
      }
    }
  }
  return joined;
}
