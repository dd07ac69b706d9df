import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose, parity, parityDifferences } from "../../test/parity.ts";
import { pairedT } from "../paired-t.ts";
import { adjustPValues, type AdjustmentMethod } from "./adjust-p-values.ts";

const methods: readonly AdjustmentMethod[] = [
  "bonferroni",
  "holm",
  "benjamini-hochberg",
  "benjamini-yekutieli",
];

describe("adjustPValues", () => {
  const { p, degenerateUnits } = pairedT(parityDifferences);

  it.each([
    ["bonferroni", parity.adjusted_bonferroni],
    ["holm", parity.adjusted_holm],
    ["benjamini-hochberg", parity.adjusted_fdr_bh],
    ["benjamini-yekutieli", parity.adjusted_fdr_by],
  ] as const)("by %s equals statsmodels' multipletests", (method, expected) => {
    const adjusted = adjustPValues(p, method, { exclude: degenerateUnits });
    expectClose(adjusted, expected);
    expect([adjusted[0], adjusted[1]]).toEqual([1, 1]);
  });

  it("never lowers a p-value, leaves [0, 1], or changes the order", () => {
    const family = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(family, fc.constantFrom(...methods), (values, method) => {
        const adjusted = adjustPValues(Float64Array.from(values), method);
        const order = values.map((_, unit) => unit).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
        let last = 0;
        for (const unit of order) {
          const value = adjusted[unit] ?? NaN;
          expect(value).toBeGreaterThanOrEqual(values[unit] ?? NaN);
          expect(value).toBeLessThanOrEqual(1);
          expect(value).toBeGreaterThanOrEqual(last);
          last = value;
        }
      }),
    );
  });

  it("gives an empty family an empty answer", () => {
    expect(adjustPValues(new Float64Array(0), "holm")).toEqual(new Float64Array(0));
  });

  it.each([NaN, -0.1, 1.1])("refuses the p-value %d", (value) => {
    expect(() => adjustPValues(Float64Array.of(0.5, value), "holm")).toThrow(
      expect.objectContaining({ code: "invalid-argument", details: { column: 1 } }),
    );
  });
});
