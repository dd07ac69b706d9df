import { join } from "node:path";
import { expect } from "vitest";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../src/checkpoint/open-checkpoint.ts";
import { readTensors } from "../src/checkpoint/read-safetensors.ts";
import type { Tensor } from "../src/tensor.ts";

/** The embedded checkpoint and what diffusers 0.40.0.dev0 with PyTorch 2.13 computes from it in float32. */
export const kleinTiny: string = join(import.meta.dirname, "fixtures", "klein-tiny");

export function openKleinTiny(): Promise<Checkpoint> {
  return openCheckpoint(join(kleinTiny, "checkpoint"));
}

/** A tensor of the reference implementation, by name. */
export async function readExpected(): Promise<(name: string) => Tensor> {
  const tensors = await readTensors(join(kleinTiny, "expected.safetensors"));
  return (name) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`expected.safetensors holds no ${name}`);
    return tensor;
  };
}

/** max|Δ| / max(1, max|expected|), the measure in which parity is asked for. */
export function deviation(actual: Tensor, expected: Tensor): number {
  expect([...actual.shape]).toEqual([...expected.shape]);
  let largestDifference = 0;
  let largestExpected = 1;
  for (const [index, value] of expected.data.entries()) {
    const difference = Math.abs((actual.data[index] ?? Number.NaN) - value);
    if (!(difference <= largestDifference)) largestDifference = difference; // NaN counts as largest
    largestExpected = Math.max(largestExpected, Math.abs(value));
  }
  return largestDifference / largestExpected;
}
