import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { expectClose, matrixOf } from "../../test/parity.ts";
import { plant } from "../../test/planted.ts";
import { gramMatrices } from "../grams/gram-matrices.ts";
import type { GramMatrices } from "../grams/grams.ts";
import type { Matrix } from "../matrix.ts";
import { gradeCorrelation } from "../regression/grade-correlation.ts";
import { objectSlopes } from "./object-slopes.ts";
import { randomOrders } from "./level-orders.ts";
import { transferNull } from "./transfer-null.ts";

const objects = 4;
const grades = [-3, -1, 0, 1.5, 5];
const levels = grades.length;
const measurements = plant({
  objects,
  levels,
  channels: 9,
  seed: 2,
  effect: (_, level, channel) => (channel < 3 ? 0.3 * (grades[level] ?? NaN) : 0),
});
const everything = [{ start: 0, stop: 9 }];
const grams = gramMatrices(measurements, everything);
const design = { objects, grades };

/** The grades of each row under a labelling. */
const relabelled = (order: ArrayLike<number>): number[] => Array.from(order, (level) => grades[level] ?? NaN);
const observedLabels = relabelled(Uint32Array.from({ length: objects * levels }, (_, row) => row % levels));

/** Slopes, directions and projections from the channels themselves: `[objects × levels]`. */
function projections({ data, shape: [, channels] }: Matrix, labels: readonly number[]): number[] {
  const row = (at: number): number[] => [...data.subarray(at * channels, (at + 1) * channels)];
  const slopes = Array.from({ length: objects }, (_, object) => {
    const rows = Array.from({ length: levels }, (__, level) => row(object * levels + level)).flat();
    const cells = { data: Float64Array.from([...rows, ...rows]), shape: [2 * levels, channels] } as const;
    const own = labels.slice(object * levels, (object + 1) * levels);
    return objectSlopes(cells, { objects: 2, grades: own }).data.subarray(0, channels);
  });
  return labels.map((_, at) => {
    const object = Math.floor(at / levels);
    const others = slopes.filter((__, other) => other !== object);
    const direction = Array.from({ length: channels }, (__, channel) =>
      others.reduce((sum, slope) => sum + (slope[channel] ?? NaN), 0),
    );
    const length = Math.hypot(...direction);
    return row(at).reduce((sum, value, channel) => sum + (value * (direction[channel] ?? NaN)) / length, 0);
  });
}

function correlations(
  scores: readonly number[],
  labels: readonly number[],
  method: "pearson" | "spearman",
): number[] {
  return Array.from({ length: objects }, (_, object) => {
    const part = <T>(list: readonly T[]): T[] => list.slice(object * levels, (object + 1) * levels);
    return (
      gradeCorrelation(matrixOf(part(scores).map((score) => [score])), part(labels), { method }).r[0] ?? NaN
    );
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value / values.length, 0);

describe("transferNull", () => {
  it("gives what slopes, directions and projections give channel by channel", async () => {
    const { sets } = await transferNull(grams, design);
    const perObject = sets[0]?.perObject;
    const scores = projections(measurements, observedLabels);
    const about = scores.map((score, row) => {
      const first = Math.floor(row / levels) * levels;
      return score - mean(scores.slice(first, first + levels));
    });
    expectClose(perObject?.scores ?? [], about, 1e-8);
    expectClose(perObject?.r ?? [], correlations(scores, observedLabels, "pearson"), 1e-9);
    expectClose(perObject?.spearman ?? [], correlations(scores, observedLabels, "spearman"), 1e-9);
    expect(sets[0]?.observed).toBeCloseTo(mean(correlations(scores, observedLabels, "pearson")), 10);
  });

  it.each(["within-objects", "common"] as const)(
    "gives the same under each labelling of the null, %s",
    async (shuffle) => {
      const { sets, permutations } = await transferNull(grams, {
        ...design,
        permutations: 20,
        seed: 3,
        shuffle,
      });
      const orders = randomOrders(20, 3, objects, levels, shuffle === "common");
      expect(permutations).toBe(20);
      for (let labelling = 0; labelling < 20; labelling += 1) {
        const order = new Uint32Array(objects * levels);
        orders.read(labelling, order);
        const labels = relabelled(order);
        const expected = mean(correlations(projections(measurements, labels), labels, "pearson"));
        expect(sets[0]?.null.values[labelling]).toBeCloseTo(expected, 10);
      }
    },
  );

  it("counts p, and the family-wise p by the maximum over sets, from the same labellings", async () => {
    const channels = [0, 3, 6].map((start) => ({ start, stop: start + 3 }));
    const { sets, maximum } = await transferNull(gramMatrices(measurements, channels), {
      ...design,
      permutations: 99,
    });
    const maxima = Array.from({ length: 99 }, (_, labelling) =>
      Math.max(...sets.map((set) => set.null.values[labelling] ?? NaN)),
    );
    for (const { observed, null: distribution, p, familyWiseP } of sets) {
      const reaching = [...distribution.values].filter((value) => value >= observed - 1e-10).length;
      expect(p).toBe((reaching + 1) / 100);
      expect(familyWiseP).toBe((maxima.filter((value) => value >= observed - 1e-10).length + 1) / 100);
    }
    expect(maximum.observed).toBe(Math.max(...sets.map(({ observed }) => observed)));
    expect([...maximum.null.values]).toEqual(maxima);
  });

  it("takes all orders by exact; the reverse one ties if the grades are symmetric", async () => {
    const axis = (values: readonly number[]): GramMatrices =>
      gramMatrices(matrixOf([1, 2, 3].flatMap(() => values.map((value) => [value, 0]))), [
        { start: 0, stop: 2 },
      ]);
    const options = { objects: 3, shuffle: "common", exact: true } as const;
    const even = await transferNull(axis([1, 2, 3, 4]), { ...options, grades: [1, 2, 3, 4] });
    expect([even.permutations, even.leastP, even.sets[0]?.p, even.sets[0]?.observed]).toEqual([
      24,
      1 / 12,
      1 / 12,
      1,
    ]);
    const uneven = await transferNull(axis([1, 2, 3, 9]), { ...options, grades: [1, 2, 3, 9] });
    expect([uneven.leastP, uneven.sets[0]?.p, uneven.sets[0]?.familyWiseP]).toEqual([1 / 24, 1 / 24, 1 / 24]);
  });

  it("is 1 for an axis that all objects share, whatever their means and the strength of their effect", async () => {
    const cells = [0.5, 1, 7].flatMap((strength, object) =>
      grades.map((grade) => [100 * object + strength * grade, -object * 30 + 2 * strength * grade]),
    );
    const { sets } = await transferNull(gramMatrices(matrixOf(cells), [{ start: 0, stop: 2 }]), {
      objects: 3,
      grades,
    });
    expect(sets[0]?.observed).toBeCloseTo(1, 12);
    expect([...(sets[0]?.perObject.orderedShare ?? [])]).toEqual([1, 1, 1]);
    expect(sets[0]?.p).toBe(1 / 1001);
  });

  it("is 0 where objects have orthogonal axes, and 0 for an object without effect", async () => {
    const orthogonal = [0, 1, 2].flatMap((object) =>
      grades.map((grade) => [0, 1, 2].map((channel) => (channel === object ? grade : 0))),
    );
    const { sets } = await transferNull(gramMatrices(matrixOf(orthogonal), [{ start: 0, stop: 3 }]), {
      objects: 3,
      grades,
    });
    expect([sets[0]?.observed, sets[0]?.p]).toEqual([0, 1]);
    expect([...(sets[0]?.perObject.orderedShare ?? [])]).toEqual([0.5, 0.5, 0.5]);
    const idle = [1, 1, 0].flatMap((strength) => grades.map((grade) => [strength * grade + 0.1]));
    const { sets: withIdle } = await transferNull(gramMatrices(matrixOf(idle), [{ start: 0, stop: 1 }]), {
      objects: 3,
      grades,
    });
    expect([...(withIdle[0]?.perObject.r ?? [])].map((r) => Math.round(r * 1e9) / 1e9)).toEqual([1, 1, 0]);
    expect(withIdle[0]?.perObject.spearman[2]).toBe(0);
  });

  it("names sets without two objects that vary, which have p 1 and no part in the maximum", async () => {
    const channels = [0, 1, 2].map((start) => ({ start, stop: start + 1 }));
    const varying = noise(objects * levels, 1, 4).data;
    const rows = Array.from(varying, (value, row) => [7.1, row < levels ? value : 0.3, value - row]);
    const result = await transferNull(gramMatrices(matrixOf(rows), channels), {
      ...design,
      permutations: 50,
    });
    expect(result.degenerateSets).toEqual([0, 1]);
    expect([result.sets[0]?.observed, result.sets[0]?.p, result.sets[1]?.familyWiseP]).toEqual([0, 1, 1]);
    expect(result.maximum.observed).toBe(result.sets[2]?.observed);
    const finite = result.sets.flatMap(({ perObject, null: { mean: average } }) => [
      ...perObject.scores,
      ...perObject.r,
      ...perObject.spearman,
      average,
    ]);
    expect(finite.every(Number.isFinite)).toBe(true);
    await expect(
      transferNull(gramMatrices(matrixOf(rows), channels.slice(0, 1)), design),
    ).rejects.toMatchObject({
      code: "degenerate",
    });
  });

  it("does not depend on the order of objects, nor on whether the rows are centred already", async () => {
    const exact = { grades, shuffle: "common", exact: true, objects } as const;
    const rows = [2, 0, 3, 1].flatMap((object) =>
      grades.map((_, level) => [
        ...measurements.data.subarray((object * levels + level) * 9, (object * levels + level + 1) * 9),
      ]),
    );
    const { sets } = await transferNull(grams, exact);
    for (const same of [
      gramMatrices(matrixOf(rows), everything),
      gramMatrices(measurements, everything, { objects }),
    ]) {
      const { sets: again } = await transferNull(same, exact);
      expect(again[0]?.p).toBe(sets[0]?.p);
      expectClose(again[0]?.null.values ?? [], [...(sets[0]?.null.values ?? [])], 1e-7);
    }
  });

  it("changes nothing that it is given", async () => {
    const before = grams.data.slice();
    await transferNull(grams, { ...design, permutations: 3 });
    expect(grams.data).toEqual(before);
  });

  it.each([
    ["rows that are not objects × levels", { objects: 5, grades }, "shape-mismatch"],
    ["exact within objects, whose orders are too many", { ...design, exact: true }, "invalid-argument"],
    ["another shuffle", { ...design, shuffle: "all" as "common" }, "invalid-argument"],
    ["no permutation", { ...design, permutations: 0 }, "invalid-argument"],
    ["a seed that is not whole", { ...design, seed: 0.5 }, "invalid-argument"],
    [
      "exact with more than seven levels",
      { objects: 2, grades: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], shuffle: "common", exact: true },
      "too-many-labellings",
    ],
  ] as const)("refuses %s", async (_, options, code) => {
    await expect(transferNull(grams, options)).rejects.toMatchObject({ code });
  });

  it("reports its progress, and ends with the reason of the abort", async () => {
    const steps: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }): number => steps.push(done / total);
    await transferNull(grams, { ...design, permutations: 1500, onProgress });
    expect(steps).toEqual([1024 / 1500, 1]);
    const reason = new Error("enough");
    await expect(transferNull(grams, { ...design, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const run = transferNull(grams, {
      ...design,
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
  });
});
