import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { matrixOf } from "../../test/parity.ts";
import type { Matrix } from "../matrix.ts";
import { pairedT } from "../paired-t.ts";
import { averageDifferences } from "./average-differences.ts";
import { varianceComponents, type VarianceComponents } from "./variance-components.ts";

/** One unit's values as a matrix [pairs, 1]. */
const column = (values: readonly number[]): Matrix => matrixOf(values.map((value) => [value]));

function variancesOf({ components }: VarianceComponents, unit = 0): Record<string, number | undefined> {
  return Object.fromEntries(components.map(({ name, variance }) => [name, variance[unit]]));
}

describe("varianceComponents", () => {
  it("reproduces the published table of six targets and four judges", () => {
    // Shrout & Fleiss (1979), Psychol. Bull. 86, 420, tables 2 and 3: mean squares 11.24, 32.49 and 1.02
    const judges = [
      [9, 6, 8, 7, 10, 6],
      [2, 1, 4, 1, 5, 2],
      [5, 3, 6, 2, 6, 4],
      [8, 2, 8, 6, 9, 7],
    ].map(column);
    const result = varianceComponents(judges, [{ name: "judge", levels: [1, 2, 3, 4] }]);
    const { pair = NaN, judge = NaN, residual = NaN } = variancesOf(result);
    expect(residual).toBeCloseTo(1.02, 2);
    expect(4 * pair + residual).toBeCloseTo(11.24, 2);
    expect(6 * judge + residual).toBeCloseTo(32.49, 2);
    expect(pair / (pair + judge + residual)).toBeCloseTo(0.29, 2); // their ICC(2, 1)
    const ofMean = pair / 6 + judge / 4 + residual / 24;
    expect(result.standardError[0]).toBeCloseTo(Math.sqrt(ofMean), 12);
    expect(result.t[0]).toBeCloseTo((result.mean[0] ?? NaN) / Math.sqrt(ofMean), 12);
    const [targets, raters, rest] = [4 * pair + residual, 6 * judge + residual, residual];
    const degreesOfFreedom =
      (targets + raters - rest) ** 2 / (targets ** 2 / 5 + raters ** 2 / 3 + rest ** 2 / 15);
    expect(result.degreesOfFreedom[0]).toBeCloseTo(degreesOfFreedom, 10);
  });

  it("solves the mean squares that statsmodels gives for two crossed factors", () => {
    // anova_lm of statsmodels 0.13.5 for y ~ (C(p) + C(a) + C(b)) ** 3, four pairs × three references × two noises
    const values = [
      [6.1, -3.1, -1.2, -3.1, 4.1, 4.6],
      [1.0, 4.5, -0.7, 7.6, 8.5, 7.3],
      [-0.6, -1.3, -6.1, -4.8, 4.0, 2.5],
      [4.9, 2.6, -1.0, 2.1, 7.1, 5.0],
    ];
    const [p, a, b, pa, pb, ab, pab] = [38.51, 79.682917, 0.201667, 3.424583, 12.556111, 13.075417, 5.564861];
    const order = [4, 0, 3, 1, 5, 2]; // the replicates may come in any order
    const result = varianceComponents(
      order.map((place) => column(values.map((row) => row[place] ?? NaN))),
      [
        { name: "reference", levels: order.map((place) => Math.floor(place / 2)) },
        { name: "noise", levels: order.map((place) => place % 2) },
      ],
    );
    const expected = {
      pair: (p - pa - pb + pab) / 6,
      reference: (a - pa - ab + pab) / 8,
      noise: 0, // (b − pb − ab + pab) / 12 is below 0
      "pair × reference": 0, // (pa − pab) / 2
      "pair × noise": (pb - pab) / 3,
      "reference × noise": (ab - pab) / 4,
      residual: pab,
    };
    expect(b - pb - ab + pab).toBeLessThan(0);
    const found = variancesOf(result);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, variance] of Object.entries(expected))
      expect(found[name], name).toBeCloseTo(variance, 5);
    expect(result.components.map(({ truncatedUnits }) => truncatedUnits)).toEqual([0, 0, 1, 1, 0, 0, 0]);
    expect(result.components.map(({ degreesOfFreedom }) => degreesOfFreedom)).toEqual([3, 2, 1, 6, 3, 2, 6]);
    const ofMean =
      expected.pair / 4 +
      expected.reference / 3 +
      expected["pair × noise"] / 8 +
      expected["reference × noise"] / 6 +
      expected.residual / 24;
    expect(result.standardError[0]).toBeCloseTo(Math.sqrt(ofMean), 6);
  });

  it("is the paired t of the mean for a unit in which replicates do not differ beyond the residual", () => {
    const replicates = [7, 8].map((seed) => noise(10, 40, seed, () => 0.5));
    const result = varianceComponents(replicates, [{ name: "noise", levels: [1, 2] }]);
    const ofMean = pairedT(averageDifferences(replicates));
    const without = [...result.t.keys()].filter(
      (unit) => result.components[1]?.variance[unit] === 0 && (result.components[0]?.variance[unit] ?? 0) > 0,
    );
    expect(without.length).toBeGreaterThan(5);
    for (const unit of without) {
      expect(result.t[unit]).toBeCloseTo(ofMean.t[unit] ?? NaN, 10);
      expect(result.degreesOfFreedom[unit]).toBeCloseTo(9, 8);
    }
    for (const [unit, t] of result.t.entries())
      expect(Math.abs(t)).toBeLessThanOrEqual(Math.abs(ofMean.t[unit] ?? NaN) + 1e-9);
  });

  it("estimates without bias what was simulated", () => {
    const units = 4_000;
    const { replicates, levels } = simulate({ pairs: 8, references: 5, noises: 1, units, seed: 21 });
    const { components } = varianceComponents(replicates, [{ name: "reference", levels: levels.reference }]);
    const means = components.map(({ variance }) => variance.reduce((sum, value) => sum + value, 0) / units);
    expect(means[0]).toBeCloseTo(1, 1);
    expect(means[1]).toBeCloseTo(0.5 ** 2, 1);
    expect(means[2]).toBeCloseTo(0.6 ** 2, 1);
  });

  it("keeps the false alarm rate over new references, where the t of the averaged replicates does not", () => {
    const units = 4_000;
    const { replicates, levels } = simulate({ pairs: 20, references: 4, noises: 1, units, seed: 31 });
    const result = varianceComponents(replicates, [{ name: "reference", levels: levels.reference }]);
    const naive = pairedT(averageDifferences(replicates));
    expect(rateOf(naive.p)).toBeGreaterThan(0.1);
    // 99.9 % of Binomial(4,000, 0.05) lie within 0.039 and 0.062; Satterthwaite's approximation may err to the safe side
    expect(rateOf(result.p)).toBeLessThan(0.062);
    expect(rateOf(result.p)).toBeGreaterThan(0.02);
  });

  it("keeps it over new references and noises at once", () => {
    const units = 4_000;
    const { replicates, levels } = simulate({ pairs: 20, references: 4, noises: 4, units, seed: 41 });
    const result = varianceComponents(replicates, [
      { name: "reference", levels: levels.reference },
      { name: "noise", levels: levels.noise },
    ]);
    expect(rateOf(pairedT(averageDifferences(replicates)).p)).toBeGreaterThan(0.1);
    expect(rateOf(result.p)).toBeLessThan(0.062);
    expect(rateOf(result.p)).toBeGreaterThan(0.02);
  });

  it("gives degenerate units t = 0 or ±Infinity, and names them", () => {
    const replicates = [
      [
        [0, 2, 1],
        [0, 2, 3],
      ],
      [
        [0, 2, 2],
        [0, 2, 5],
      ],
    ].map(matrixOf);
    const { t, p, degenerateUnits } = varianceComponents(replicates, [{ name: "noise", levels: [1, 2] }]);
    expect([...t.subarray(0, 2)]).toEqual([0, Infinity]);
    expect([...p.subarray(0, 2)]).toEqual([1, 0]);
    expect(degenerateUnits).toEqual([0, 1]);
  });

  it("refuses factors of one level, with one name, or not fully crossed", () => {
    const replicates = [1, 2, 3, 4].map((seed) => noise(4, 2, seed));
    const refuses = (code: string, ...factors: { name: string; levels: number[] }[]): void => {
      expect(() => varianceComponents(replicates, factors)).toThrow(expect.objectContaining({ code }));
    };
    refuses("invalid-argument");
    refuses("invalid-argument", { name: "noise", levels: [1, 1, 1, 1] });
    refuses("invalid-argument", { name: "pair", levels: [1, 2, 3, 4] });
    refuses("shape-mismatch", { name: "noise", levels: [1, 2, 3] });
    refuses("shape-mismatch", { name: "noise", levels: [1, 2, 1, 2] });
    refuses(
      "shape-mismatch",
      { name: "noise", levels: [1, 2, 1, 2] },
      { name: "image", levels: [1, 1, 2, 3] },
    );
    const other = [noise(4, 2, 1), noise(5, 2, 2)];
    expect(() => varianceComponents(other, [{ name: "noise", levels: [1, 2] }])).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
  });
});

function rateOf(p: Float64Array): number {
  return p.filter((value) => value <= 0.05).length / p.length;
}

/** Differences without a mean: pairs of deviation 1, references and noises of 0.5 each, a residual of 0.6. */
function simulate({
  pairs,
  references,
  noises,
  units,
  seed,
}: {
  pairs: number;
  references: number;
  noises: number;
  units: number;
  seed: number;
}): { replicates: Matrix[]; levels: { reference: number[]; noise: number[] } } {
  const ofPair = noise(pairs, units, seed);
  const ofReference = noise(references, units, seed + 1);
  const ofNoise = noise(noises, units, seed + 2);
  const cells = Array.from({ length: references * noises }, (_, cell) => cell);
  const replicates = cells.map((cell) => {
    const [reference, noiseSeed] = [Math.floor(cell / noises), cell % noises];
    const residual = noise(pairs, units, seed + 100 + cell);
    const data = residual.data.map((value, at) => {
      const unit = at % units;
      return (
        0.6 * value +
        (ofPair.data[at] ?? NaN) +
        0.5 * (ofReference.data[reference * units + unit] ?? NaN) +
        (noises > 1 ? 0.5 * (ofNoise.data[noiseSeed * units + unit] ?? NaN) : 0)
      );
    });
    return { data: Float64Array.from(data), shape: residual.shape };
  });
  return {
    replicates,
    levels: {
      reference: cells.map((cell) => Math.floor(cell / noises)),
      noise: cells.map((cell) => cell % noises),
    },
  };
}
