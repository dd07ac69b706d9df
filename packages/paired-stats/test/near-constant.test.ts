import { describe, expect, it } from "vitest";
import { exactSignFlipP } from "../src/flips/exact-sign-flip-p.ts";
import { signFlipNull } from "../src/flips/sign-flip-null.ts";
import type { Matrix } from "../src/matrix.ts";
import { singleStepMaxT, stepDownMaxT } from "../src/multiplicity/max-t.ts";
import { pairedDifference } from "../src/paired-difference.ts";
import { pairedT } from "../src/paired-t.ts";
import { covariateSignFlipNull, covariateT } from "../src/regression/covariate.ts";
import { gradeCorrelation, gradeCorrelationNull } from "../src/regression/grade-correlation.ts";
import { correlateUnits } from "../src/reliability/correlate-units.ts";
import { splitHalfReliability } from "../src/reliability/split-half.ts";
import { splitSampleEffect, topUnitOverlap } from "../src/reliability/top-units.ts";
import { float32Resolution } from "../src/resolution.ts";
import { splitConditions } from "../src/split-conditions.ts";
import { summarizeByBlock } from "../src/blocks/summarize-by-block.ts";
import { noise } from "./noise.ts";
import { columnsOf } from "./parity.ts";

const pairs = 12;
const units = 40;
/** The shift of these units is constant but for the rounding of the measurements. */
const nearConstant = [3, 17, 39];
const others = Array.from({ length: units }, (_, unit) => unit).filter(
  (unit) => !nearConstant.includes(unit),
);
const grades = Array.from({ length: pairs }, (_, pair) => (pair * 7) % 5);

type Rounding = (value: number) => number;

function measure(shift: number, round: Rounding): { a: Float64Array; b: Float64Array } {
  const a = Float64Array.from(noise(pairs, units, 5).data, (value) => round(2 + Math.abs(value)));
  const effect = noise(pairs, units, 6).data;
  const b = a.map((value, at) =>
    round(value + (nearConstant.includes(at % units) ? shift : 0.1 * (effect[at] ?? NaN))),
  );
  return { a, b };
}

const asMatrix = (data: Float32Array | Float64Array): Matrix => ({ data, shape: [pairs, units] });

const ways: readonly (readonly [string, () => Matrix])[] = [
  ...[0.001, 1e-6, -0.25, 0].map((shift) => {
    const { a, b } = measure(shift, Math.fround);
    return [
      `float32 measurements shifted by ${shift}`,
      (): Matrix => pairedDifference(asMatrix(Float32Array.from(a)), asMatrix(Float32Array.from(b))),
    ] as const;
  }),
  [
    "float64 measurements shifted by 0.001",
    () => {
      const { a, b } = measure(0.001, (value) => value);
      return pairedDifference(asMatrix(a), asMatrix(b));
    },
  ],
  [
    "the conditions of float32 measurements",
    () => {
      const { a, b } = measure(0.001, Math.fround);
      const data = new Float32Array(2 * pairs * units);
      for (let pair = 0; pair < pairs; pair += 1) {
        data.set(a.subarray(pair * units, (pair + 1) * units), 2 * pair * units);
        data.set(b.subarray(pair * units, (pair + 1) * units), (2 * pair + 1) * units);
      }
      const halves = splitConditions({ data, shape: [pairs, 2, units] });
      return pairedDifference(halves.a, halves.b);
    },
  ],
  [
    "roots of float32 mean squares, taken in float64",
    () => {
      const { a, b } = measure(0.001, (value) => Math.sqrt(Math.fround(value * value)));
      const matrix = (data: Float64Array): Matrix => ({
        ...asMatrix(data),
        resolution: float32Resolution(data),
      });
      return pairedDifference(matrix(a), matrix(b));
    },
  ],
  [
    "differences given in float32",
    () => {
      const { a, b } = measure(0.001, (value) => value);
      const data = Float32Array.from(b, (value, at) =>
        nearConstant.includes(at % units) ? 0.001 * (1 + (at % 2) * 2 ** -24) : value - (a[at] ?? NaN),
      );
      return asMatrix(data);
    },
  ],
];

describe.each(ways)("units whose differences vary by no more than rounding: %s", (_, make) => {
  const differences = make();
  const without: Matrix = columnsOf(differences, others);
  const resolved: Matrix = differences.resolution
    ? { ...without, resolution: Float64Array.from(columnsOf(asMatrix(differences.resolution), others).data) }
    : { ...without, data: Float32Array.from(without.data) };

  it("are named by pairedT, with the t of constant units", () => {
    const { degenerateUnits, standardDeviation, t, p } = pairedT(differences);
    expect(degenerateUnits).toEqual(nearConstant);
    for (const unit of nearConstant) {
      expect(standardDeviation[unit]).toBe(0);
      expect([0, Infinity]).toContain(Math.abs(t[unit] ?? NaN));
      expect(p[unit]).toBe(t[unit] === 0 ? 1 : 0);
    }
  });

  it("take no part in the null, in max T, in blocks and in the correlation of maps", async () => {
    const options = { exact: true, thresholds: [1, 3] } as const;
    const all = await signFlipNull(differences, options);
    const rest = await signFlipNull(resolved, options);
    expect(all).toEqual({ ...rest, degenerateUnits: nearConstant });
    const single = singleStepMaxT(pairedT(differences), all);
    const down = await stepDownMaxT(differences, { exact: true });
    for (const unit of nearConstant) expect([single[unit], down[unit]]).toEqual([1, 1]);
    expect(others.map((unit) => down[unit])).toEqual([...(await stepDownMaxT(resolved, { exact: true }))]);
    const [block] = summarizeByBlock(pairedT(differences), new Array<string>(units).fill("all"));
    expect([block?.units, block?.degenerateUnits]).toEqual([others.length, nearConstant.length]);
    const { t } = pairedT(differences);
    if (t[3] !== 0)
      expect(
        correlateUnits(
          t,
          t.map((value) => value * 2),
        ),
      ).toBeCloseTo(1, 12);
  });

  it("take no part in split halves and top units", async () => {
    const halving = { splits: 6, seed: 2 };
    expect(await splitHalfReliability(differences, { ...halving, flips: 4 })).toEqual(
      await splitHalfReliability(resolved, { ...halving, flips: 4 }),
    );
    expect(topUnitOverlap(differences, 5, halving)).toEqual(topUnitOverlap(resolved, 5, halving));
    expect(splitSampleEffect(differences, 5, halving)).toEqual(splitSampleEffect(resolved, 5, halving));
  });

  it("take no part in tests with a covariate and against grades", async () => {
    expect(covariateT(differences, grades).degenerateUnits).toEqual(nearConstant);
    const ofCovariate = await covariateSignFlipNull(differences, grades, { flips: 9 });
    const { unitP, ...rest } = await covariateSignFlipNull(resolved, grades, { flips: 9 });
    expect(others.map((unit) => ofCovariate.unitP[unit])).toEqual([...unitP]);
    expect(ofCovariate).toMatchObject({ ...rest, degenerateUnits: nearConstant });
    for (const method of ["spearman", "pearson"] as const) {
      expect(gradeCorrelation(differences, grades, { method }).degenerateUnits).toEqual(nearConstant);
      const null_ = await gradeCorrelationNull(differences, grades, { method, flips: 9 });
      expect(null_.degenerateUnits).toEqual(nearConstant);
    }
  });

  it("have an exact p, which needs no t", async () => {
    const p = await exactSignFlipP(differences);
    for (const unit of nearConstant) expect(p[unit]).toBeGreaterThanOrEqual(2 ** (1 - pairs));
  });
});

describe("units that vary by more than rounding", () => {
  it("stay in, however large one of their measurements is", () => {
    const a = Float32Array.of(1, 2, 3, 1e6 + 0.5);
    const b = Float32Array.of(1.001, 2.0025, 2.999, 1e6 + 0.5625);
    const differences = pairedDifference({ data: a, shape: [4, 1] }, { data: b, shape: [4, 1] });
    expect(pairedT(differences).degenerateUnits).toEqual([]);
  });

  it("stay in where they are whole numbers, which are exact", () => {
    const a = { data: Float32Array.of(2 ** 23, 2 ** 23, 2 ** 23 + 5), shape: [3, 1] } as const;
    const b = { data: Float32Array.of(2 ** 23 + 1, 2 ** 23 + 2, 2 ** 23 + 6), shape: [3, 1] } as const;
    expect(pairedT(pairedDifference(a, b)).degenerateUnits).toEqual([]);
  });
});
