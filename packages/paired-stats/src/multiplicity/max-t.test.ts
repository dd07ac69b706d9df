import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { expectClose, firstRows, parity, parityDifferences, paritySigns } from "../../test/parity.ts";
import type { Matrix } from "../matrix.ts";
import { pairedT } from "../paired-t.ts";
import { randomLabellings } from "../flips/labellings.ts";
import { signFlipNull } from "../flips/sign-flip-null.ts";
import { singleStepMaxT, stepDownMaxT } from "./max-t.ts";

describe("singleStepMaxT", () => {
  it("equals numpy's family-wise p over the given signs", async () => {
    const signFlips = await signFlipNull(parityDifferences, { signs: paritySigns });
    const p = singleStepMaxT(pairedT(parityDifferences), signFlips);
    expectClose(p, parity.maxT_p_fwer);
    expect([p[0], p[1]]).toEqual([1, 1]);
  });

  it("refuses the null of other units", async () => {
    const signFlips = await signFlipNull(noise(5, 3, 1));
    expect(() => singleStepMaxT(pairedT(parityDifferences), signFlips)).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
  });
});

describe("stepDownMaxT", () => {
  it("refuses differences of which no unit varies", async () => {
    const constant = { data: Float64Array.of(1, 2, 1, 2, 1, 2), shape: [3, 2] } as const;
    await expect(stepDownMaxT(constant)).rejects.toMatchObject({ code: "degenerate" });
  });

  it("equals the definition, by brute force", async () => {
    for (const exact of [false, true]) {
      const differences = firstRows(parityDifferences, 8);
      const p = await stepDownMaxT(differences, exact ? { exact } : { flips: 50, seed: 3 });
      expectClose(p, stepDownByDefinition(differences, exact ? undefined : signsOf(50, 3)), 1e-12);
    }
  });

  it("is never above the single-step p, and equal for the strongest unit", async () => {
    const result = pairedT(parityDifferences);
    const single = singleStepMaxT(result, await signFlipNull(parityDifferences, { signs: paritySigns }));
    const down = await stepDownMaxT(parityDifferences, { signs: paritySigns });
    for (const [unit, p] of down.entries()) expect(p).toBeLessThanOrEqual(single[unit] ?? NaN);
    expect(down[39]).toBe(single[39]);
    expect([down[0], down[1]]).toEqual([1, 1]);
  });

  it("ends with the reason of the abort", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(stepDownMaxT(parityDifferences, { signal })).rejects.toBe(reason);
  });
});

/** The seeded labellings of 8 pairs, as signs. */
function signsOf(flips: number, seed: number): number[][] {
  const labellings = randomLabellings(flips, 8, seed);
  return Array.from({ length: flips }, (_, flip) =>
    Array.from({ length: 8 }, (__, pair) => (labellings.flips(flip, pair) ? -1 : 1)),
  );
}

/** Westfall & Young, written out; all labellings of 8 pairs where none are given. */
function stepDownByDefinition(
  { data, shape }: Matrix,
  signs: readonly (readonly number[])[] | undefined,
): number[] {
  const [pairs, units] = shape;
  const list =
    signs ??
    Array.from({ length: 2 ** (pairs - 1) }, (_, labelling) =>
      Array.from({ length: pairs }, (__, pair) => ((labelling >>> pair) & 1 ? -1 : 1)),
    );
  const observed = pairedT({ data, shape });
  const tested = Array.from({ length: units }, (_, unit) => unit).filter(
    (unit) => !observed.degenerateUnits.includes(unit),
  );
  const size = (unit: number): number => Math.abs(observed.t[unit] ?? NaN);
  const descending = tested.sort((left, right) => size(right) - size(left));
  const nulls = list.map((row) => {
    const flipped = data.map((value, at) => value * (row[Math.floor(at / units)] ?? NaN));
    return pairedT({ data: flipped, shape }).t.map(Math.abs);
  });
  const p = new Array<number>(units).fill(1);
  let bound = 0;
  for (const [rank, unit] of descending.entries()) {
    const rivals = descending.slice(rank);
    const reaching = nulls.filter(
      (t) => Math.max(...rivals.map((rival) => t[rival] ?? NaN)) >= size(unit) * (1 - 1e-10),
    ).length;
    bound = Math.max(bound, signs ? (reaching + 1) / (list.length + 1) : reaching / list.length);
    p[unit] = bound;
  }
  return p;
}
