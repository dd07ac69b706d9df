import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { expectClose, parityDifferences } from "../../test/parity.ts";
import { regression, regressionDifferences, regressionSigns } from "../../test/regression-parity.ts";
import { pairedT } from "../paired-t.ts";
import { covariateSignFlipNull, covariateT } from "./covariate.ts";

const { covariate } = regression;

describe("covariateT", () => {
  it("equals ordinary least squares by numpy", () => {
    const result = covariateT(regressionDifferences, covariate);
    expectClose(result.intercept, regression.intercept);
    expectClose(result.slope, regression.slope);
    expectClose(result.standardError, regression.intercept_se);
    expectClose(result.t, regression.intercept_t);
    expectClose(result.p, regression.intercept_p);
    expect(result.degreesOfFreedom).toBe(23);
    expect(result.degenerateUnits).toEqual([]);
  });

  it("keeps the mean difference where the covariate is centred", () => {
    const mean = covariate.reduce((sum, value) => sum + value, 0) / 25;
    const centred = covariate.map((value) => value - mean);
    expectClose(covariateT(regressionDifferences, centred).intercept, [
      ...pairedT(regressionDifferences).mean,
    ]);
  });

  it("names degenerate units, which have t 0 and p 1", () => {
    const { degenerateUnits, t, p } = covariateT(parityDifferences, covariate);
    expect(degenerateUnits).toEqual([0, 1]);
    expect([t[0], t[1], p[0], p[1]]).toEqual([0, 0, 1, 1]);
  });

  it.each([
    ["a constant covariate", new Array<number>(25).fill(2), "degenerate"],
    ["a covariate of zeros", new Array<number>(25).fill(0), "degenerate"],
    ["another number of values", [1, 2], "shape-mismatch"],
    ["a value that is no number", covariate.map((value, pair) => (pair === 3 ? NaN : value)), "non-finite"],
  ] as const)("refuses %s", (_, values, code) => {
    expect(() => covariateT(regressionDifferences, values)).toThrow(expect.objectContaining({ code }));
  });

  it("refuses two pairs", () => {
    expect(() => covariateT(noise(2, 3, 1), [0, 1])).toThrow(
      expect.objectContaining({ code: "too-few-pairs" }),
    );
  });
});

describe("covariateSignFlipNull", () => {
  it("equals Freedman–Lane by numpy over the given signs", async () => {
    const result = await covariateSignFlipNull(regressionDifferences, covariate, {
      signs: regressionSigns,
      thresholds: [2],
    });
    expectClose(result.maximum.null.values, regression.freedman_lane_max_t);
    expect([...(result.thresholds[0]?.null.values ?? [])]).toEqual(regression.freedman_lane_count_gt2);
    expect(result.maximum.observed).toBeCloseTo(Math.max(...regression.intercept_t.map(Math.abs)), 10);
  });

  it("gives units a p of their own, which the observed labelling always reaches", async () => {
    const { unitP, labellings } = await covariateSignFlipNull(noise(8, 5, 1), [0, 1, 2, 0, 1, -1, 0, 0], {
      exact: true,
    });
    expect(labellings).toBe(128);
    for (const p of unitP) expect(p).toBeGreaterThanOrEqual(1 / 128);
  });
});
