import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { expectClose, matrixOf, parityDifferences } from "../../test/parity.ts";
import { regression, regressionDifferences, regressionSigns } from "../../test/regression-parity.ts";
import { pairedT } from "../paired-t.ts";
import { covariateSignFlipNull, covariateT } from "./covariate.ts";

const { covariate } = regression;

/** 25 whole numbers from −2 to 2, as a difference of token counts has them. */
const counts = Array.from({ length: 25 }, (_, pair) => ((pair * 7) % 5) - 2);

/** Constants that float64 does and does not hold exactly. */
const constants = [5, 0.1, 1 / 3, Math.PI, 1e-3, 7.7, 123.456, -2.5, 0.7, 1.1];

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

  it("names units that are constant, a multiple of the covariate, or the sum of both", () => {
    const units = Array.from({ length: 3 * constants.length }, (_, unit) => unit);
    const rows = counts.map((z) => [
      ...constants,
      ...constants.map((value) => value * z),
      ...constants.map((value) => value + 2.3 * z),
    ]);
    const { degenerateUnits, t } = covariateT(matrixOf(rows), counts);
    expect(degenerateUnits).toEqual(units);
    expect([...t]).toEqual(units.map(() => 0));
  });

  it.each([1, 1e3, 1e5, 1e7, 1e9])("loses no digits to a mean of %d standard deviations", (mean) => {
    const differences = matrixOf([...noise(25, 1, 4).data].map((value) => [mean + value]));
    expectClose(covariateT(differences, counts).t, [leastSquaresT(differences.data, counts)]);
  });

  it.each([
    ["a constant covariate", new Array<number>(25).fill(2), "degenerate"],
    ["a covariate of zeros", new Array<number>(25).fill(0), "degenerate"],
    ["another number of values", [1, 2], "shape-mismatch"],
    ["a value that is no number", covariate.map((value, pair) => (pair === 3 ? NaN : value)), "non-finite"],
  ] as const)("refuses %s", (_, values, code) => {
    expect(() => covariateT(regressionDifferences, values)).toThrow(expect.objectContaining({ code }));
  });

  it.each([1e-320, 1e-160, 1e160, 1e307])(
    "does not depend on the unit of the covariate: times %d",
    (scale) => {
      const expected = covariateT(noise(25, 5, 3), counts);
      // a power of two, so that the covariate is the same to the last digit
      const power = 2 ** Math.round(Math.log2(scale));
      const { t, slope } = covariateT(
        noise(25, 5, 3),
        counts.map((z) => z * power),
      );
      expectClose(t, [...expected.t]);
      if (power > 1e-300)
        expectClose(
          slope,
          [...expected.slope].map((value) => value / power),
        );
    },
  );

  it.each([1e160, 1e-170])("refuses differences of %d, as pairedT does", async (size) => {
    const { data, shape } = noise(25, 2, 1);
    const differences = { data: data.map((value) => value * size), shape };
    const refusal = expect.objectContaining({ code: "out-of-range" }) as unknown;
    expect(() => covariateT(differences, counts)).toThrow(refusal);
    await expect(covariateSignFlipNull(differences, counts)).rejects.toEqual(refusal);
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

  it("counts no unit that is constant but for rounding", async () => {
    const { data } = noise(25, 3, 6);
    const rows = counts.map((z, pair) => [
      ...constants,
      ...constants.map((value) => value + 2.3 * z),
      ...data.subarray(3 * pair, 3 * pair + 3),
    ]);
    const { maximum, thresholds, degenerateUnits } = await covariateSignFlipNull(matrixOf(rows), counts, {
      flips: 20,
      thresholds: [6],
    });
    expect(degenerateUnits).toHaveLength(20);
    expect(maximum.observed).toBeLessThan(6);
    expect([...(thresholds[0]?.null.values ?? [])]).toEqual(new Array(20).fill(0));
  });

  it("keeps the t of a mean that is large against the spread, and of a labelling that undoes a sign", async () => {
    // Covariate and signs of two kinds of pairs: flipped where the covariate is 1, a constant is 1 − 2 z.
    const kinds = [0, 1, 0, 1, 0, 1, 0, 1];
    const signs = matrixOf([kinds.map((kind) => 1 - 2 * kind)]);
    const mean = 1e7;
    const small = noise(8, 1, 2).data;
    const differences = matrixOf([...small].map((value) => [mean + value]));
    const { maximum } = await covariateSignFlipNull(differences, kinds, { signs });
    expectClose([maximum.observed], [Math.abs(leastSquaresT(differences.data, kinds))], 1e-8);
    // Without the intercept the covariate takes the pairs of kind 1 about their mean; the others stay whole.
    const second = [...small].filter((_, pair) => kinds[pair] === 1);
    const secondMean = second.reduce((sum, value) => sum + value, 0) / 4;
    const flipped = small.map((value, pair) => (kinds[pair] === 1 ? secondMean - value : mean + value));
    expectClose(maximum.null.values, [Math.abs(leastSquaresT(flipped, kinds))], 1e-8);
  });

  it("is Infinity where a labelling leaves nothing beside the mean, 0 where it leaves the covariate", async () => {
    const alternating = Array.from({ length: 12 }, (_, pair) => (pair % 2 === 0 ? 1 : -1));
    const halves = Array.from({ length: 12 }, (_, pair) => (pair < 6 ? 1 : -1));
    const differences = matrixOf(halves.map((sign) => [sign * 0.7]));
    const signs = matrixOf([halves, halves.map((sign, pair) => sign * (alternating[pair] ?? NaN))]);
    const { maximum } = await covariateSignFlipNull(differences, alternating, { signs });
    expect([...maximum.null.values]).toEqual([Infinity, 0]);
  });

  it("gives units a p of their own, which the observed labelling always reaches", async () => {
    const { unitP, labellings } = await covariateSignFlipNull(noise(8, 5, 1), [0, 1, 2, 0, 1, -1, 0, 0], {
      exact: true,
    });
    expect(labellings).toBe(128);
    for (const p of unitP) expect(p).toBeGreaterThanOrEqual(1 / 128);
  });
});

/** The t of the intercept of `y = a + b z`, textbook style, both sides taken from their first value or mean. */
function leastSquaresT(y: ArrayLike<number>, z: readonly number[]): number {
  const pairs = z.length;
  const [first = NaN] = Array.from(y);
  const fromFirst = Array.from(y, (value) => value - first);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / pairs;
  const [meanY, meanZ] = [mean(fromFirst), mean(z)];
  const fromMean = z.map((value) => value - meanZ);
  const spread = fromMean.reduce((sum, value) => sum + value * value, 0);
  const slope = fromMean.reduce((sum, value, pair) => sum + value * (fromFirst[pair] ?? NaN), 0) / spread;
  const squares = fromMean.reduce(
    (sum, value, pair) => sum + ((fromFirst[pair] ?? NaN) - meanY - slope * value) ** 2,
    0,
  );
  const error = Math.sqrt((squares / (pairs - 2)) * (1 / pairs + meanZ ** 2 / spread));
  return (first + meanY - slope * meanZ) / error;
}
