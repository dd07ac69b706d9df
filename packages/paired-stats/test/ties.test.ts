import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactSignFlipP } from "../src/flips/exact-sign-flip-p.ts";
import { randomLabellings } from "../src/flips/labellings.ts";
import { signFlipNull, type SignFlipNullOptions } from "../src/flips/sign-flip-null.ts";
import type { Matrix } from "../src/matrix.ts";
import { singleStepMaxT, stepDownMaxT } from "../src/multiplicity/max-t.ts";
import { pairedDifference } from "../src/paired-difference.ts";
import { pairedT } from "../src/paired-t.ts";
import { summarizeByBlock } from "../src/blocks/summarize-by-block.ts";
import { ExactFlips, wholeMatrix, type Signs, type WholeRows } from "./exact-arithmetic.ts";
import { matrixOf } from "./parity.ts";

const engines = [{ engine: "plain" }, { threads: 1 }, { threads: 2 }] as const;

/** Ratings: few values, so that sums, t and maxima tie all the time. */
function wholeRows(size: number): fc.Arbitrary<WholeRows> {
  return fc
    .tuple(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 20 }))
    .chain(([pairs, units]) =>
      fc.array(fc.array(fc.integer({ min: -size, max: size }), { minLength: units, maxLength: units }), {
        minLength: pairs,
        maxLength: pairs,
      }),
    )
    .filter((rows) => new ExactFlips(rows, []).units.length > 0);
}

const anySize = fc.constantFrom(1, 3, 10, 1000, 2 ** 20).chain(wholeRows);

/** Everything that flips tell about a matrix, against exact arithmetic on the whole numbers that it stands for. */
async function expectExact(
  differences: Matrix,
  rows: WholeRows,
  signs: Signs | "all",
  options: SignFlipNullOptions,
): Promise<void> {
  const exact = new ExactFlips(rows, signs);
  const { units } = exact;
  const result = await signFlipNull(differences, { ...options, thresholds: [3, 0, 1, 0.5] });
  for (const [place, [over, of]] of [[3], [0], [1], [1, 2]].entries()) {
    const { observed, null: counts } = exact.counts(over ?? NaN, of);
    expect(result.thresholds[place]?.observed).toBe(observed);
    expect([...(result.thresholds[place]?.null.values ?? [])]).toEqual(counts);
  }
  expect(result.maximum.p).toBe(exact.maximumP());
  const single = singleStepMaxT(pairedT(differences), result);
  const down = await stepDownMaxT(differences, options);
  expect(units.map((unit) => single[unit])).toEqual(exact.singleStep());
  expect(units.map((unit) => down[unit])).toEqual(exact.stepDown());
  for (const [unit, p] of down.entries()) expect(p).toBeLessThanOrEqual(single[unit] ?? NaN);
  if (signs !== "all") return;
  const own = await exactSignFlipP(differences);
  expect(units.map((unit) => own[unit])).toEqual(exact.ownP());
}

describe("sign flips of whole differences equal exact arithmetic", () => {
  it("over all labellings, in every engine", async () => {
    await fc.assert(
      fc.asyncProperty(anySize, fc.constantFrom(...engines), async (rows, engine) => {
        await expectExact(wholeMatrix(rows), rows, "all", { exact: true, ...engine });
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it("over given labellings, the observed one and its opposite among them", async () => {
    await fc.assert(
      fc.asyncProperty(
        anySize.chain((rows) =>
          fc.tuple(
            fc.constant(rows),
            fc.array(fc.array(fc.constantFrom(1, -1), { minLength: rows.length, maxLength: rows.length }), {
              maxLength: 20,
            }),
          ),
        ),
        fc.constantFrom(...engines),
        async ([rows, others], engine) => {
          const ones = rows.map(() => 1);
          const signs = [ones, ...others, ones.map(() => -1)];
          await expectExact(wholeMatrix(rows), rows, signs, { signs: matrixOf(signs), ...engine });
        },
      ),
      { numRuns: 100, seed: 2 },
    );
  });

  it("over random labellings", async () => {
    await fc.assert(
      fc.asyncProperty(anySize, fc.integer(), fc.constantFrom(...engines), async (rows, seed, engine) => {
        const { flips } = randomLabellings(40, rows.length, seed);
        const signs = Array.from({ length: 40 }, (_, at) =>
          rows.map((__, pair) => (flips(at, pair) ? -1 : 1)),
        );
        await expectExact(wholeMatrix(rows), rows, signs, { flips: 40, seed, ...engine });
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it("as float32, too", async () => {
    await fc.assert(
      fc.asyncProperty(anySize, async (rows) => {
        const { data, shape } = wholeMatrix(rows);
        await expectExact({ data: Float32Array.from(data), shape }, rows, "all", { exact: true });
      }),
      { numRuns: 60, seed: 4 },
    );
  });
});

describe("ties within the resolution of the type", () => {
  it.each([
    ["float32", Float32Array],
    ["float64", Float64Array],
  ] as const)("count as ties: tenths measured in %s equal exact arithmetic on tenths", async (_, Type) => {
    await fc.assert(
      fc.asyncProperty(wholeRows(30), wholeRows(30), async (left, right) => {
        const rows = left
          .slice(0, right.length)
          .map((row, pair) =>
            row.slice(0, right[0]?.length).map((value, unit) => [value, right[pair]?.[unit] ?? NaN] as const),
          );
        const measured = (side: 0 | 1): Matrix => ({
          data: new Type(rows.flat().map((pair) => pair[side] / 10)),
          shape: [rows.length, rows[0]?.length ?? 0],
        });
        const tenths = rows.map((row) => row.map(([a, b]) => b - a));
        if (tenths.length < 2 || new ExactFlips(tenths, []).units.length === 0) return;
        await expectExact(pairedDifference(measured(0), measured(1)), tenths, "all", { exact: true });
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  it("count as ties where differences are given", async () => {
    const differences = { data: Float32Array.of(0.1, 0.2, 0.3, -0.4, 0.5), shape: [5, 1] } as const;
    expect([...(await exactSignFlipP(differences))]).toEqual([0.4375]);
    const { maximum } = await signFlipNull(differences, { exact: true });
    expect(maximum.p).toBe(0.4375);
  });
});

describe("the observed labelling", () => {
  it("counts what the identity labelling counts, whatever the values", async () => {
    const value = fc.oneof(
      fc.constantFrom(0, 1, -1, 0.1, 0.2, -0.3, 1e6, 1e-6),
      fc.integer({ min: -1e9, max: 1e9 }).map((whole) => whole / 997e3),
    );
    const rows = fc
      .tuple(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 20 }))
      .chain(([pairs, units]) =>
        fc.array(fc.array(value, { minLength: units, maxLength: units }), {
          minLength: pairs,
          maxLength: pairs,
        }),
      );
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom(...engines), async (values, engine) => {
        const differences = matrixOf(values);
        if (pairedT(differences).degenerateUnits.length > 0) return;
        const ones = values.map(() => 1);
        const signs = matrixOf([ones, ones.map(() => -1)]);
        const { thresholds, maximum } = await signFlipNull(differences, {
          signs,
          thresholds: [0, 1, 3],
          ...engine,
        });
        for (const { observed, null: counts } of thresholds)
          expect([...counts.values]).toEqual([observed, observed]);
        expect([...maximum.null.values]).toEqual([maximum.observed, maximum.observed]);
        expect(maximum.p).toBe(1);
      }),
      { numRuns: 150, seed: 6 },
    );
  });

  it("is not over a threshold that it equals: a t of 3, whatever the order of the pairs", async () => {
    const ones = new Array<number>(7).fill(1);
    const zeros = new Array<number>(21).fill(0);
    const identity = { data: Int8Array.from({ length: 28 }, () => 1), shape: [1, 28] } as const;
    for (const values of [
      [...ones, ...zeros],
      [...zeros, ...ones],
      [...zeros.slice(7), ...ones, ...zeros.slice(14)],
    ]) {
      const differences = matrixOf(values.map((value) => [value]));
      const { thresholds } = await signFlipNull(differences, { signs: identity, thresholds: [3] });
      expect([thresholds[0]?.observed, thresholds[0]?.null.values[0]]).toEqual([0, 0]);
      expect(summarizeByBlock(pairedT(differences), ["all"], { threshold: 3 })[0]?.overThreshold).toBe(0);
    }
  });

  it("whose t is 0 but for rounding is reached by every labelling", async () => {
    for (const values of [
      [-1, 1, 0, 0, 0, 0],
      [3, 3, -2, 1, 0, -2, -3],
      [0.1, 0.2, -0.3],
    ]) {
      const differences = matrixOf(values.map((value) => [value]));
      const result = await signFlipNull(differences, { exact: true, thresholds: [0] });
      expect(result.maximum.p).toBe(1);
      expect(result.thresholds[0]?.observed).toBe(0);
      expect([...singleStepMaxT(pairedT(differences), result)]).toEqual([1]);
      expect([...(await stepDownMaxT(differences, { exact: true }))]).toEqual([1]);
      expect([...(await exactSignFlipP(differences))]).toEqual([1]);
    }
  });
});

describe("the order of pairs and of units", () => {
  it("changes no count and no p", async () => {
    const values = fc.constantFrom(0, 1, -1, 2, 3, 0.1, 0.2, -0.3, 0.7, 1e5, 1e-5);
    const rows = fc
      .tuple(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 18 }))
      .chain(([pairs, units]) =>
        fc.array(fc.array(values, { minLength: units, maxLength: units }), {
          minLength: pairs,
          maxLength: pairs,
        }),
      );
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const forth = matrixOf(given);
        const back = matrixOf([...given].reverse().map((row) => [...row].reverse()));
        const { degenerateUnits } = pairedT(forth);
        const units = given[0]?.length ?? NaN;
        expect(
          pairedT(back)
            .degenerateUnits.map((unit) => units - 1 - unit)
            .reverse(),
        ).toEqual(degenerateUnits);
        if (degenerateUnits.length === units) return;
        const options = { exact: true, thresholds: [0, 1, 3] } as const;
        const [first, second] = [await signFlipNull(forth, options), await signFlipNull(back, options)];
        for (const [place, { observed, null: counts, p }] of first.thresholds.entries()) {
          expect(second.thresholds[place]?.observed).toBe(observed);
          expect([...(second.thresholds[place]?.null.values ?? [])].sort()).toEqual(
            [...counts.values].sort(),
          );
          expect(second.thresholds[place]?.p).toBe(p);
        }
        expect(second.maximum.p).toBe(first.maximum.p);
        expect([...singleStepMaxT(pairedT(back), second)].reverse()).toEqual([
          ...singleStepMaxT(pairedT(forth), first),
        ]);
        expect([...(await stepDownMaxT(back, { exact: true }))].reverse()).toEqual([
          ...(await stepDownMaxT(forth, { exact: true })),
        ]);
        expect([...(await exactSignFlipP(back))].reverse()).toEqual([...(await exactSignFlipP(forth))]);
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});
