import { describe, expect, it } from "vitest";
import { expectClose, firstRows, parityDifferences } from "../test/parity.ts";
import { regression } from "../test/regression-parity.ts";
import { noncentralityInterval, noncentralTCdf } from "./distributions/noncentral-t.ts";
import { normalCdf } from "./distributions/normal.ts";
import { cohensDzInterval } from "./cohens-dz-interval.ts";
import { pairedT } from "./paired-t.ts";

describe("cohensDzInterval", () => {
  const result = pairedT(parityDifferences);

  it("inverts the noncentral t as scipy.stats.nct does", () => {
    for (const [t, lower, upper] of regression.nct_interval_24) {
      const bounds = noncentralityInterval(t, 24, 0.95);
      expect(bounds.lower / 5).toBeCloseTo(lower, 9);
      expect(bounds.upper / 5).toBeCloseTo(upper, 9);
    }
  });

  it("approaches t √(χ²/ν) for a large t", () => {
    // chi-square quantiles at 0.025 and 0.975 of scipy: 12.401150217444433 and 39.364077026603915
    const { lower, upper } = noncentralityInterval(1e5, 24, 0.95);
    expect(lower / 1e5).toBeCloseTo(Math.sqrt(12.401150217444433 / 24), 4);
    expect(upper / 1e5).toBeCloseTo(Math.sqrt(39.364077026603915 / 24), 4);
  });

  it.each([
    // intervals of d_z by mpmath 1.3.0 with 25 digits
    [1, 3, 0.95, -0.6539329559611, 5.0119288638773],
    [1, 3, 0.999, -1.7802562853482, 7.7832079332359],
    [1, 10, 0.999, -1.4927652471363, 24.735421765013],
    [2, 3, 0.95, -0.22786537487937, 3.6273950786836],
    [2, 10, 0.95, 0.73357669844475, 11.184152036513],
    [4, 50, 0.99, 5.0318182300492, 43.126604454353],
  ])(
    "is exact for few pairs: %d degrees of freedom, t %d, coverage %d",
    (df, t, confidence, lower, upper) => {
      const bounds = noncentralityInterval(t, df, confidence);
      expectClose([bounds.lower, bounds.upper], [lower * Math.sqrt(df + 1), upper * Math.sqrt(df + 1)]);
    },
  );

  it.each([1_000, 20_000, 1e6])("approaches the normal interval for %d degrees of freedom", (df) => {
    const { lower, upper } = noncentralityInterval(3, df, 0.95);
    const reach = 1.959963984540054 * Math.sqrt(1 + 9 / (2 * df));
    expect(lower).toBeCloseTo(3 - reach, 2);
    expect(upper).toBeCloseTo(3 + reach, 2);
    expect(noncentralTCdf(0, df)(0)).toBeCloseTo(0.5, 12);
  });

  it("contains d_z, and more so at a higher confidence", () => {
    const narrow = cohensDzInterval(result, { confidence: 0.8 });
    const wide = cohensDzInterval(result);
    for (let unit = 2; unit < 40; unit += 1) {
      const dz = result.cohensDz[unit] ?? NaN;
      expect(wide.lower[unit]).toBeLessThan(narrow.lower[unit] ?? NaN);
      expect(narrow.lower[unit]).toBeLessThan(dz);
      expect(narrow.upper[unit]).toBeGreaterThan(dz);
      expect(wide.upper[unit]).toBeGreaterThan(narrow.upper[unit] ?? NaN);
    }
  });

  it("is d_z itself for degenerate units", () => {
    const { lower, upper } = cohensDzInterval(result);
    expect([lower[0], upper[0], lower[1], upper[1]]).toEqual([0, 0, Infinity, Infinity]);
  });

  it.each([1, 1 - 1e-15, 1 - 9e-13])(
    "refuses a confidence of %d, closer to 1 than it can tell",
    (confidence) => {
      expect(() => cohensDzInterval(result, { confidence })).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    },
  );

  it("ends for the highest confidence", () => {
    const { upper } = cohensDzInterval(pairedT(firstRows(parityDifferences, 3)), { confidence: 1 - 1e-12 });
    for (const bound of upper.subarray(2)) expect(bound).toBeGreaterThan(0);
  });
});

describe("noncentralTCdf", () => {
  it.each([
    [24, 3, 1, 0.9649931230988876],
    [24, 14.89, 12, 0.8779770647508252],
    [1, 2, 0.5, 0.7484855842392901],
    [1, -3, 2, 0.0022320951318499],
    [199, 5, 5, 0.49752276966715325],
  ])(
    "with %d degrees of freedom at t %d, noncentrality %d, is scipy's %d",
    (df, t, noncentrality, expected) => {
      expect(noncentralTCdf(t, df)(noncentrality)).toBeCloseTo(expected, 11);
    },
  );
});

describe("normalCdf", () => {
  it.each([
    [-50, 0],
    [-10, 7.61985302416047e-24],
    [-3.1, 0.0009676032132183563],
    [-2.9, 0.0018658133003840375],
    [0, 0.5],
    [3.01, 0.9986937615512306],
  ])("at %d is scipy's %d", (x, expected) => {
    expectClose([normalCdf(x)], [expected], 1e-12);
  });
});
