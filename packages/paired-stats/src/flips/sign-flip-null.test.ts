import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import {
  expectClose,
  firstRows,
  matrixOf,
  parity,
  parityDifferences,
  paritySigns,
} from "../../test/parity.ts";
import type { Matrix } from "../matrix.ts";
import { pairedT } from "../paired-t.ts";
import { signFlipNull } from "./sign-flip-null.ts";

describe("signFlipNull", () => {
  it("equals numpy's counts, percentiles and maxima over the given signs", async () => {
    const result = await signFlipNull(parityDifferences, { signs: paritySigns, thresholds: [2, 3, 5] });
    const [over2, over3, over5] = result.thresholds;
    expect([...(over2?.null.values ?? [])]).toEqual(parity.null_count_gt2);
    expect([...(over3?.null.values ?? [])]).toEqual(parity.null_count_gt3);
    expect([...(over5?.null.values ?? [])]).toEqual(parity.null_count_gt5);
    expectClose(
      [over2?.null.mean ?? NaN, over3?.null.mean ?? NaN, over5?.null.mean ?? NaN],
      [parity.null_mean_gt2, parity.null_mean_gt3, parity.null_mean_gt5],
    );
    expectClose(
      [over2?.null.p99 ?? NaN, over3?.null.p99 ?? NaN, over5?.null.p99 ?? NaN],
      [parity.null_p99_gt2, parity.null_p99_gt3, parity.null_p99_gt5],
    );
    expect([over2?.observed, over3?.observed, over5?.observed]).toEqual([
      parity.observed_gt2,
      parity.observed_gt3,
      parity.observed_gt5,
    ]);
    expectClose(result.maximum.null.values, parity.null_max_abs_t);
    expect([result.labellings, result.testedUnits, result.degenerateUnits]).toEqual([200, 38, [0, 1]]);
  });

  it("counts the observed labelling in the null", async () => {
    const { thresholds, maximum } = await signFlipNull(parityDifferences, { signs: paritySigns });
    expect(thresholds[0]?.p).toBe(1 / 201);
    expect(thresholds[1]?.p).toBe(1 / 201);
    expect(maximum.p).toBe(1 / 201);
  });

  it("takes observed / p99 as infinite where only the percentile is 0, and as 0 where both are", async () => {
    const { thresholds } = await signFlipNull(parityDifferences, {
      signs: paritySigns,
      thresholds: [5, 1000],
    });
    expect(thresholds[0]?.observedOverP99).toBe(Infinity);
    expect(thresholds[1]?.observedOverP99).toBe(0);
    expect(thresholds[1]?.p).toBe(1);
  });

  it("repeats for a seed, 200 flips by default, and differs between seeds", async () => {
    const first = await signFlipNull(parityDifferences, { seed: 1 });
    const again = await signFlipNull(parityDifferences, { seed: 1, flips: 200 });
    const other = await signFlipNull(parityDifferences, { seed: 2 });
    expect(again).toEqual(first);
    expect(other.maximum.null.values).not.toEqual(first.maximum.null.values);
  });

  it("has no finite |t| over a threshold whose square leaves float64", async () => {
    const { thresholds } = await signFlipNull(parityDifferences, { thresholds: [1e155, 1e300] });
    for (const { observed, null: over } of thresholds) {
      expect(observed).toBe(0);
      expect([...over.values]).toEqual(new Array(200).fill(0));
    }
  });

  it("gives only the maximum for an empty list of thresholds", async () => {
    const { thresholds, maximum } = await signFlipNull(parityDifferences, { thresholds: [] });
    expect(thresholds).toEqual([]);
    expect(maximum.null.values.length).toBe(200);
  });

  it("equals brute force over all labellings", async () => {
    const values = fc.integer({ min: -(2 ** 20), max: 2 ** 20 }).map((value) => value / 2 ** 17);
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 20 })).chain(([pairs, units]) =>
          fc.array(fc.array(values, { minLength: units, maxLength: units }), {
            minLength: pairs,
            maxLength: pairs,
          }),
        ),
        fc.double({ min: 0.01, max: 4, noNaN: true }), // hardly ever a |t| of these values
        async (rows, threshold) => {
          const differences = matrixOf(rows);
          if (pairedT(differences).degenerateUnits.length > 0) return;
          const { thresholds, maximum, labellings } = await signFlipNull(differences, {
            exact: true,
            thresholds: [threshold],
          });
          const expected = bruteForce(differences, threshold);
          expect(labellings).toBe(2 ** (rows.length - 1));
          expect([...(thresholds[0]?.null.values ?? [])]).toEqual(expected.map(({ count }) => count));
          for (const [labelling, { maximumT }] of expected.entries())
            expect(relativeGap(maximum.null.values[labelling] ?? NaN, maximumT)).toBeLessThan(1e-9);
          const reaching = expected.filter(({ count }) => count >= (thresholds[0]?.observed ?? NaN)).length;
          expect(thresholds[0]?.p).toBe(reaching / labellings);
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });

  it("does not depend on the order, the scale or the sign of the units", async () => {
    const { data, shape } = noise(11, 37, 6);
    const changed: Matrix = {
      // columns in reverse, the even ones negative and eight times as large: exact in float64
      data: data.map((_, at) => {
        const column = 36 - (at % 37);
        return (data[at - (at % 37) + column] ?? NaN) * (column % 2 === 0 ? -8 : 1);
      }),
      shape,
    };
    const options = { flips: 300, seed: 2, thresholds: [2] };
    const first = await signFlipNull({ data, shape }, options);
    const second = await signFlipNull(changed, options);
    expect(second.thresholds).toEqual(first.thresholds);
    expectClose(second.maximum.null.values, [...first.maximum.null.values], 1e-14);
  });

  it("does not depend on a common sign of a labelling", async () => {
    const opposite = { data: paritySigns.data.map((sign) => -sign), shape: paritySigns.shape };
    const first = await signFlipNull(parityDifferences, { signs: paritySigns });
    expect(await signFlipNull(parityDifferences, { signs: opposite })).toEqual(first);
  });

  it("takes the whole sum where one unit's flipped differences become constant: |t| is infinite", async () => {
    const { maximum } = await signFlipNull(matrixOf([[1], [-1], [1]]), { exact: true, thresholds: [] });
    expectClose(maximum.null.values.slice().sort(), [0.5, 0.5, 0.5, Infinity], 1e-14);
  });

  it("keeps its digits where an offset is large", async () => {
    const { data } = noise(5, 1, 9);
    const differences: Matrix = { data: data.map((value) => 1e6 + value / 64), shape: [5, 1] };
    const { maximum } = await signFlipNull(differences, { exact: true });
    const t = Math.abs(pairedT(differences).t[0] ?? NaN);
    expect(maximum.observed).toBe(t);
    expect(maximum.null.values[0]).toBe(t);
    expect(maximum.p).toBe(1 / 16);
  });

  it("works with two pairs", async () => {
    const { maximum } = await signFlipNull(matrixOf([[1], [3]]), { exact: true });
    expectClose(maximum.null.values, [2, 0.5]);
  });

  it("reports progress up to the total", async () => {
    const seen: number[] = [];
    await signFlipNull(firstRows(parityDifferences, 14), {
      exact: true,
      onProgress: ({ done, total }) => {
        expect(total).toBe(8192);
        seen.push(done);
      },
    });
    expect(seen.at(-1)).toBe(8192);
    expect(seen).toEqual([...seen].sort((left, right) => left - right));
  });

  it("ends an exact run with the reason of the abort", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = signFlipNull(parityDifferences, {
      exact: true,
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
    await expect(signFlipNull(parityDifferences, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it.each([
    ["no flips", { flips: 0 }, "invalid-argument"],
    ["half a flip", { flips: 0.5 }, "invalid-argument"],
    ["a fractional seed", { seed: 0.5 }, "invalid-argument"],
    ["a negative threshold", { thresholds: [3, -1] }, "invalid-argument"],
    ["a threshold that is no number", { thresholds: [NaN] }, "invalid-argument"],
    ["signs of another number of pairs", { signs: matrixOf([[1, -1]]) }, "invalid-signs"],
    [
      "signs that are neither 1 nor −1",
      { signs: matrixOf([new Array<number>(25).fill(0)]) },
      "invalid-signs",
    ],
    ["signs and exact at once", { signs: paritySigns, exact: true }, "invalid-argument"],
  ] as const)("refuses %s", async (_, options, code) => {
    await expect(signFlipNull(parityDifferences, options)).rejects.toMatchObject({ code });
  });

  it("refuses to enumerate more than 27 pairs", async () => {
    await expect(signFlipNull(noise(28, 1, 1), { exact: true })).rejects.toMatchObject({
      code: "too-many-labellings",
      details: { pairs: 28, most: 27 },
    });
  });

  it("refuses units that are all degenerate", async () => {
    await expect(signFlipNull(matrixOf([[1], [1]]))).rejects.toMatchObject({ code: "degenerate" });
  });
});

/** Every labelling up to the common sign, in the documented order, by the definition of t. */
function bruteForce({ data, shape }: Matrix, threshold: number): { count: number; maximumT: number }[] {
  const [pairs, units] = shape;
  return Array.from({ length: 2 ** (pairs - 1) }, (_, labelling) => {
    const flipped = data.map((value, at) => ((labelling >>> Math.floor(at / units)) & 1 ? -value : value));
    const t = [...pairedT({ data: flipped, shape }).t].map(Math.abs);
    return { count: t.filter((value) => value > threshold).length, maximumT: Math.max(...t) };
  });
}

function relativeGap(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
}
