import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose, matrixOf, parityDifferences } from "../../test/parity.ts";
import { regression, regressionDifferences, regressionSigns } from "../../test/regression-parity.ts";
import { gradeCorrelation, gradeCorrelationNull } from "./grade-correlation.ts";
import { orderFromSizes, rank, rankInOrder } from "./ranks.ts";

const { grades } = regression;

describe("rank", () => {
  it("is scipy's rankdata, ties sharing their mean rank", () => {
    const [values, ranks] = regression.rankdata;
    expect([...rank(Float64Array.from(values))]).toEqual(ranks);
  });
});

describe("orderFromSizes", () => {
  it("ranks signed values as sorting does, ties and zeros included", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 }), (list) => {
        const values = Float64Array.from(list);
        const bySize = Uint32Array.from(values.keys()).sort(
          (left, right) => Math.abs(list[left] ?? NaN) - Math.abs(list[right] ?? NaN),
        );
        const order = new Uint32Array(list.length);
        const ranks = new Float64Array(list.length);
        orderFromSizes(values, bySize, order);
        rankInOrder(values, order, ranks);
        expect(ranks).toEqual(rank(values));
      }),
    );
  });
});

describe("gradeCorrelation", () => {
  it("equals scipy's pearsonr and spearmanr", () => {
    const byValue = gradeCorrelation(regressionDifferences, grades, { method: "pearson" });
    expectClose(byValue.r, regression.pearson);
    expectClose(byValue.p, regression.pearson_p);
    const byRank = gradeCorrelation(regressionDifferences, grades);
    expectClose(byRank.r, regression.spearman);
    expectClose(byRank.p, regression.spearman_p);
    expect(byRank.method).toBe("spearman");
  });

  it("names degenerate units, which have r 0 and p 1", () => {
    const { degenerateUnits, r, p } = gradeCorrelation(parityDifferences, grades, { method: "pearson" });
    expect(degenerateUnits).toEqual([0, 1]);
    expect([r[0], r[1], p[0], p[1]]).toEqual([0, 0, 1, 1]);
  });

  it("is 1 for a difference that rises with the grade", () => {
    const { r, p } = gradeCorrelation({ data: Float64Array.of(1, 4, 9), shape: [3, 1] }, [1, 2, 3]);
    expect(r[0]).toBeCloseTo(1, 14);
    expect(p[0]).toBeLessThan(1e-7);
  });

  it.each([1e160, 1e-170])("refuses differences of %d, as pairedT does", (size) => {
    const differences = { data: Float64Array.of(size, 4 * size, 9 * size), shape: [3, 1] } as const;
    for (const method of ["pearson", "spearman"] as const)
      expect(() => gradeCorrelation(differences, [1, 2, 3], { method })).toThrow(
        expect.objectContaining({ code: "out-of-range" }),
      );
  });

  it.each([1e-320, 1e-160, 1e160, 1e307])("does not depend on the unit of the grades: times %d", (scale) => {
    const { r } = gradeCorrelation(
      { data: Float64Array.of(1, 4, 9), shape: [3, 1] },
      [1 * scale, 4 * scale, 9 * scale],
      { method: "pearson" },
    );
    expect(r[0]).toBeCloseTo(1, 3); // few digits are left of grades near 1e-320
  });

  it("ranks differences that are small against their mean by themselves, as scipy does", () => {
    const small = [1e-20, 2e-20, 3e-20, 4e-20, 5e-20, 1];
    const { r } = gradeCorrelation(matrixOf(small.map((value) => [value, -value])), [1, 2, 3, 4, 5, 6]);
    expect([...r]).toEqual([1, -1]);
  });

  it("refuses equal grades", () => {
    expect(() => gradeCorrelation(regressionDifferences, new Array<number>(25).fill(3))).toThrow(
      expect.objectContaining({ code: "degenerate" }),
    );
  });
});

describe("gradeCorrelationNull", () => {
  it("equals scipy over the given signs", async () => {
    const byValue = await gradeCorrelationNull(regressionDifferences, grades, {
      method: "pearson",
      signs: regressionSigns,
    });
    expectClose(byValue.maximum.null.values, regression.pearson_null_max);
    const byRank = await gradeCorrelationNull(regressionDifferences, grades, {
      signs: regressionSigns,
      thresholds: [0.3],
    });
    expectClose(byRank.maximum.null.values, regression.spearman_null_max);
    expect([...(byRank.thresholds[0]?.null.values ?? [])]).toEqual(regression.spearman_null_count_gt03);
  });

  it("does not depend on a shift of whole-number differences, which have ties about any mean", async () => {
    const whole = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
    const pOf = async (shift: number): Promise<number | undefined> => {
      const differences = matrixOf(whole.map((value) => [value + shift]));
      const options = { method: "spearman", flips: 500, seed: 1 } as const;
      return (
        await gradeCorrelationNull(
          differences,
          whole.map((_, pair) => pair),
          options,
        )
      ).unitP[0];
    };
    const p = await pOf(0);
    for (const shift of [1, 3, 1_000, -0.1, 1 / 3]) expect(await pOf(shift)).toBe(p);
  });

  it("ends with the reason of the abort", async () => {
    const reason = new Error("enough");
    const run = gradeCorrelationNull(regressionDifferences, grades, { signal: AbortSignal.abort(reason) });
    await expect(run).rejects.toBe(reason);
  });
});
