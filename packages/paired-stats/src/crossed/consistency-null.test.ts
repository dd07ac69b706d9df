import { describe, expect, it } from "vitest";
import { expectClose, matrixOf } from "../../test/parity.ts";
import { plant } from "../../test/planted.ts";
import { gramMatrices } from "../grams/gram-matrices.ts";
import type { Matrix } from "../matrix.ts";
import { consistencyNull } from "./consistency-null.ts";
import { randomOrders } from "./level-orders.ts";

const objects = 4;
const levels = 5;
const measurements = plant({
  objects,
  levels,
  channels: 6,
  seed: 5,
  effect: (_, level, channel) => (channel === level ? 1 : 0),
});
const everything = [{ start: 0, stop: 6 }];
const grams = gramMatrices(measurements, everything);

/** The mean cosine between the centred patterns of two objects, each level of each object moved as the order says. */
function meanCosine({ data, shape: [, channels] }: Matrix, order: ArrayLike<number>): number {
  const patterns = Array.from({ length: objects }, (_, object) => {
    const rows = Array.from({ length: levels }, (__, level) => {
      const row = object * levels + (order[object * levels + level] ?? NaN);
      return [...data.subarray(row * channels, (row + 1) * channels)];
    });
    const means = Array.from(
      { length: channels },
      (__, channel) => rows.reduce((sum, row) => sum + (row[channel] ?? NaN), 0) / levels,
    );
    return rows.flatMap((row) => row.map((value, channel) => value - (means[channel] ?? NaN)));
  });
  let sum = 0;
  for (const [one, x] of patterns.entries())
    for (const y of patterns.slice(one + 1))
      sum +=
        x.reduce((dot, value, at) => dot + value * (y[at] ?? NaN), 0) / Math.hypot(...x) / Math.hypot(...y);
  return sum / ((objects * (objects - 1)) / 2);
}

describe("consistencyNull", () => {
  it("is the mean cosine between the objects' patterns, computed channel by channel, under every labelling", async () => {
    const { sets, permutations } = await consistencyNull(grams, { objects, permutations: 30, seed: 1 });
    const observed = Array.from({ length: objects * levels }, (_, row) => row % levels);
    expect(sets[0]?.observed).toBeCloseTo(meanCosine(measurements, observed), 10);
    const perObject = [...(sets[0]?.perObject ?? [])];
    expect(perObject.reduce((sum, value) => sum + value / objects, 0)).toBeCloseTo(
      sets[0]?.observed ?? NaN,
      12,
    );
    const orders = randomOrders(30, 1, objects, levels, false);
    expect(permutations).toBe(30);
    const order = new Uint32Array(objects * levels);
    const expected = Array.from({ length: 30 }, (_, labelling) => {
      orders.read(labelling, order);
      return meanCosine(measurements, order);
    });
    expectClose(sets[0]?.null.values ?? [], expected, 1e-8);
  });

  it("is 1 for levels that do the same to all objects, in any order", async () => {
    const wording = [3, -1, 4, -1, 5];
    const cells = [10, 20, 30].flatMap((object) => wording.map((effect) => [object + effect, object]));
    const { sets } = await consistencyNull(gramMatrices(matrixOf(cells), [{ start: 0, stop: 2 }]), {
      objects: 3,
    });
    expect(sets[0]?.observed).toBeCloseTo(1, 12);
    expect(sets[0]?.p).toBeLessThan(0.01);
  });

  it("names sets without two objects that vary, and never gives NaN", async () => {
    const cells = [0, 1, 2].flatMap((object) =>
      [1, 2, 4].map((level) => [object, object === 0 ? level : 3, level]),
    );
    const sets = [0, 1, 2].map((start) => ({ start, stop: start + 1 }));
    const result = await consistencyNull(gramMatrices(matrixOf(cells), sets), {
      objects: 3,
      permutations: 40,
    });
    expect(result.degenerateSets).toEqual([0, 1]);
    expect(result.sets.map(({ observed }) => Math.round(observed * 1e9) / 1e9)).toEqual([0, 0, 1]);
    expect([result.sets[0]?.familyWiseP, [...(result.sets[1]?.perObject ?? [])]]).toEqual([1, [0, 0, 0]]);
  });

  it.each([
    ["rows that are not objects × levels", { objects: 3 }, "shape-mismatch"],
    ["objects of one level", { objects: 20 }, "shape-mismatch"],
    ["one object", { objects: 1 }, "invalid-argument"],
  ])("refuses %s", async (_, options, code) => {
    await expect(consistencyNull(grams, options)).rejects.toMatchObject({ code });
  });

  it("ends with the reason of the abort", async () => {
    const reason = new Error("enough");
    const run = consistencyNull(grams, { objects, signal: AbortSignal.abort(reason) });
    await expect(run).rejects.toBe(reason);
  });
});
