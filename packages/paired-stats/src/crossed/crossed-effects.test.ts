import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crossedCells, crossedParity as parity } from "../../test/crossed-parity.ts";
import { noise } from "../../test/noise.ts";
import { columnsOf, expectClose, matrixOf } from "../../test/parity.ts";
import { signFlipNull } from "../flips/sign-flip-null.ts";
import type { Matrix } from "../matrix.ts";
import { pairedT } from "../paired-t.ts";
import { float32Resolution } from "../resolution.ts";
import { crossedEffects } from "./crossed-effects.ts";
import { objectSlopes } from "./object-slopes.ts";

const { objects, grades } = parity;
const effects = crossedEffects(crossedCells, { objects, grades });

/** One unit of 3 objects × 3 levels. */
const oneUnit = (cells: readonly number[]): Matrix => matrixOf(cells.map((value) => [value]));
const threeByThree = { objects: 3, grades: [-1, 0, 1] };

describe("crossedEffects", () => {
  it("gives statsmodels' sums of squares, as shares of the total about the mean", () => {
    const shares = (part: readonly number[]): number[] =>
      part.map(
        (value, unit) =>
          value /
          ((parity.ss_object[unit] ?? 0) + (parity.ss_level[unit] ?? 0) + (parity.ss_interaction[unit] ?? 0)),
      );
    expectClose(effects.objectShare, shares(parity.ss_object));
    expectClose(effects.levelShare, shares(parity.ss_level));
    expectClose(effects.linearShare, shares(parity.ss_linear));
    expectClose(effects.interactionShare, shares(parity.ss_interaction));
  });

  it("gives statsmodels' F and p of object, level and the heterogeneity of slopes", () => {
    expectClose(effects.objectEffect.f, parity.f_object, 1e-9);
    expectClose(effects.objectEffect.p, parity.p_object, 1e-8);
    expectClose(effects.levelEffect.f, parity.f_level, 1e-9);
    expectClose(effects.levelEffect.p, parity.p_level, 1e-8);
    expectClose(effects.slopeHeterogeneity?.f ?? [], parity.f_heterogeneity, 1e-9);
    expectClose(effects.slopeHeterogeneity?.p ?? [], parity.p_heterogeneity, 1e-8);
    expect(effects.objectEffect.degreesOfFreedom).toEqual([4, 12]);
    expect(effects.levelEffect.degreesOfFreedom).toEqual([3, 12]);
    expect(effects.slopeHeterogeneity?.degreesOfFreedom).toEqual([4, 8]);
  });

  it("gives scipy's t test of the objects' slopes", () => {
    expectClose(effects.slope.mean, parity.slope_mean);
    expectClose(effects.slope.t, parity.slope_t);
    expectClose(effects.slope.p, parity.slope_p, 1e-9);
    expect(effects.slope.degreesOfFreedom).toBe(4);
  });

  it("has shares that add up to 1, the linear one being a part of the level's", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 12, maxLength: 12 }), (cells) => {
        const { objectShare, levelShare, linearShare, interactionShare, degenerateUnits } = crossedEffects(
          oneUnit(cells),
          { objects: 4, grades: [1, 10, 100] },
        );
        const sum = (objectShare[0] ?? NaN) + (levelShare[0] ?? NaN) + (interactionShare[0] ?? NaN);
        expect(sum).toBeCloseTo(degenerateUnits.length === 1 ? 0 : 1, 12);
        expect(linearShare[0]).toBeLessThanOrEqual((levelShare[0] ?? NaN) + 1e-12);
      }),
    );
  });

  it("tells the three sources apart in values made of one each", () => {
    const grade = crossedEffects(oneUnit([1, 2, 3, 1, 2, 3, 1, 2, 3]), threeByThree);
    expect([grade.linearShare[0], grade.levelShare[0], grade.objectShare[0]]).toEqual([1, 1, 0]);
    expect([grade.slope.t[0], grade.slope.p[0], grade.levelEffect.f[0]]).toEqual([Infinity, 0, Infinity]);
    expect([grade.slopeHeterogeneity?.f[0], grade.slopeHeterogeneity?.p[0]]).toEqual([0, 1]);
    const object = crossedEffects(oneUnit([1, 1, 1, 5, 5, 5, 9, 9, 9]), threeByThree);
    expect([object.objectShare[0], object.slope.t[0], object.objectEffect.p[0]]).toEqual([1, 0, 0]);
    const bend = crossedEffects(oneUnit([0, 2, 0, 0, 2, 0, 0, 2, 0]), threeByThree);
    expect([bend.levelShare[0], bend.linearShare[0], bend.slope.t[0]]).toEqual([1, 0, 0]);
    const one = crossedEffects(oneUnit([0, 0, 0, -1, 0, 1, 0, 0, 0]), threeByThree);
    expect(one.slopeHeterogeneity?.f[0]).toBe(Infinity);
  });

  it("names units that do not vary within their resolution, and never gives NaN", () => {
    const near = Float64Array.from({ length: 9 }, (_, row) => 1 + (row % 2) * 1e-9);
    const unresolved = { data: near, shape: [9, 1], resolution: float32Resolution(near) } as const;
    for (const cells of [oneUnit(new Array<number>(9).fill(0.1)), unresolved]) {
      const { degenerateUnits, objectShare, levelEffect, slope, slopeHeterogeneity } = crossedEffects(
        cells,
        threeByThree,
      );
      expect(degenerateUnits).toEqual([0]);
      expect([objectShare[0], levelEffect.f[0], levelEffect.p[0], slopeHeterogeneity?.p[0]]).toEqual([
        0, 0, 1, 1,
      ]);
      expect([slope.t[0], slope.p[0]]).toEqual([0, 1]);
    }
  });

  it("takes an interaction that is rounding for none", () => {
    const cells = oneUnit(
      [0.1, 0.4, 0.7].flatMap((object) => [0.3, 0.6, 1.3].map((level) => object + level)),
    );
    const { interactionShare, levelEffect } = crossedEffects(cells, threeByThree);
    expect([interactionShare[0], levelEffect.f[0], levelEffect.p[0]]).toEqual([0, Infinity, 0]);
  });

  it("has no heterogeneity of slopes for two levels", () => {
    expect(
      crossedEffects(oneUnit([1, 2, 4, 9]), { objects: 2, grades: [0, 1] }).slopeHeterogeneity,
    ).toBeNull();
  });

  it("does not depend on the order of objects or levels, nor on a common offset", () => {
    const objectOrder = [3, 0, 4, 2, 1];
    const levelOrder = [2, 0, 3, 1];
    const rows = objectOrder.flatMap((object) =>
      levelOrder.map((level) => parity.cells[object * 4 + level] ?? []),
    );
    const reordered = crossedEffects(matrixOf(rows.map((row) => row.map((value) => value + 512))), {
      objects,
      grades: levelOrder.map((level) => grades[level] ?? NaN),
    });
    for (const part of ["objectShare", "linearShare", "interactionShare"] as const)
      expectClose(reordered[part], [...effects[part]], 1e-9);
    expectClose(reordered.slope.t, [...effects.slope.t], 1e-9);
  });

  it.each([
    ["another number of rows", matrixOf([[1], [2], [3]]), threeByThree, "shape-mismatch"],
    ["one object", oneUnit([1, 2, 3]), { objects: 1, grades: [1, 2, 3] }, "invalid-argument"],
    ["a grade twice", oneUnit([1, 2, 3, 4]), { objects: 2, grades: [1, 1] }, "invalid-argument"],
    ["one grade", oneUnit([1, 2]), { objects: 2, grades: [1] }, "invalid-argument"],
    [
      "a grade that is not finite",
      oneUnit([1, 2, 3, 4]),
      { objects: 2, grades: [1, Infinity] },
      "non-finite",
    ],
    [
      "grades equal but for rounding",
      oneUnit([1, 2, 3, 4]),
      { objects: 2, grades: [1, 1 + 2e-16] },
      "degenerate",
    ],
    ["values that are not finite", oneUnit([1, 2, 3, NaN]), { objects: 2, grades: [1, 2] }, "non-finite"],
    [
      "values too large to be squared",
      oneUnit([1, 2, 3, 1e200]),
      { objects: 2, grades: [1, 2] },
      "out-of-range",
    ],
  ])("refuses %s", (_, cells, design, code) => {
    expect(() => crossedEffects(cells, design)).toThrow(expect.objectContaining({ code }));
  });
});

describe("objectSlopes", () => {
  it("gives scipy's linregress slopes, object by object", () => {
    const slopes = objectSlopes(crossedCells, { objects, grades });
    expect(slopes.shape).toEqual([5, 4]);
    for (const unit of [0, 1, 2, 3])
      expectClose(
        columnsOf(slopes, [unit]).data,
        parity.slopes.map((row) => row[unit] ?? NaN),
        1e-9,
      );
  });

  it("carries a resolution: slopes that float32 rounding alone parts are a constant slope", () => {
    const exact = [0.1, 0.35, 0.85].flatMap((object) => [1, 2, 3].map((grade) => object + 0.01 * grade));
    const cells = { data: Float32Array.from(exact), shape: [9, 1] } as const;
    const { degenerateUnits, t } = pairedT(objectSlopes(cells, threeByThree));
    expect(degenerateUnits).toEqual([0]);
    expect(t[0]).toBe(Infinity);
  });

  it("lets signFlipNull test the grade with whole objects exchangeable", async () => {
    const cells = noise(48, 20, 5);
    for (const [at, value] of cells.data.entries())
      if (at % 20 === 7) cells.data[at] = value + (Math.floor(at / 20) % 6);
    const slopes = objectSlopes(cells, { objects: 8, grades: [0, 1, 2, 3, 4, 5] });
    const { maximum, labellings } = await signFlipNull(slopes, { exact: true });
    expect([maximum.p, labellings]).toEqual([1 / 128, 128]);
  });

  it("refuses an option that it does not have", () => {
    const misspelt = { objects, grades, levels: 4 };
    expect(() => objectSlopes(crossedCells, misspelt)).toThrow(/objects, grades, got levels/);
  });
});
