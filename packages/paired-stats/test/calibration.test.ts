import { describe, expect, it } from "vitest";
import { exactSignFlipP } from "../src/flips/exact-sign-flip-p.ts";
import { signFlipNull } from "../src/flips/sign-flip-null.ts";
import { covariateT } from "../src/regression/covariate.ts";
import { pairedT } from "../src/paired-t.ts";
import { noise } from "./noise.ts";

/** The Kolmogorov–Smirnov distance of values from the uniform distribution on [0, 1], times √n. */
function distanceFromUniform(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const distances = sorted.map((value, place) =>
    Math.max(value - place / sorted.length, (place + 1) / sorted.length - value),
  );
  return Math.max(...distances) * Math.sqrt(sorted.length);
}

/** Exceeded by one sample in a thousand. */
const KOLMOGOROV_999 = 1.949;

describe("calibration", () => {
  it("gives uniform p-values on noise: t test, exact sign flips, t test with a covariate", async () => {
    const differences = noise(14, 4000, 11);
    const covariate = Array.from({ length: 14 }, (_, pair) => (pair % 5) - 1);
    expect(distanceFromUniform(pairedT(differences).p)).toBeLessThan(KOLMOGOROV_999);
    expect(distanceFromUniform(covariateT(differences, covariate).p)).toBeLessThan(KOLMOGOROV_999);
    expect(distanceFromUniform(await exactSignFlipP(differences))).toBeLessThan(KOLMOGOROV_999);
  });

  it("holds the family-wise rate of max t at 0.05, within its binomial interval, for dependent units too", async () => {
    const studies = 400;
    let rejections = 0;
    for (let study = 0; study < studies; study += 1) {
      // 60 units, each the sum of its own noise and of what all share
      const own = noise(12, 60, 1000 + study);
      const shared = noise(12, 1, 9000 + study);
      const data = Float64Array.from(
        own.data,
        (value, at) => value + (shared.data[Math.floor(at / 60)] ?? NaN),
      );
      const { maximum } = await signFlipNull({ data, shape: own.shape }, { flips: 199, seed: study });
      if (maximum.p <= 0.05) rejections += 1;
    }
    // 99.8 % of Binomial(400, 0.05) lie from 8 to 35
    expect(rejections).toBeGreaterThanOrEqual(8);
    expect(rejections).toBeLessThanOrEqual(35);
  });

  it("gains power with the effect", async () => {
    const rejections: number[] = [];
    for (const effect of [0, 0.5, 1, 1.5]) {
      let rejected = 0;
      for (let study = 0; study < 40; study += 1) {
        const differences = noise(16, 30, 500 + study, (unit) => (unit < 3 ? effect : 0));
        const { maximum } = await signFlipNull(differences, { flips: 199, seed: study });
        if (maximum.p <= 0.05) rejected += 1;
      }
      rejections.push(rejected);
    }
    const [none = NaN, small = NaN, middle = NaN, large = NaN] = rejections;
    expect(none).toBeLessThan(8);
    expect(small).toBeGreaterThan(none);
    expect(middle).toBeGreaterThan(small);
    expect(large).toBeGreaterThanOrEqual(middle);
    expect(large).toBe(40);
  });
});
