import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SetEffects } from "./ablation.ts";
import { pairEffects, pairNorms, testSet } from "./ablation-statistics.ts";

const vector = (...values: number[]): Float32Array => Float32Array.from(values);
const whole = { a: vector(1, 2, 3, 4), b: vector(1, 5, 3, 8) }; // contrast (0, 3, 0, 4), of length 5

describe("pairEffects(whole, ablated)", () => {
  it("units that nothing depends on have no effect at all", () => {
    expect(pairEffects(whole, whole)).toEqual({ contrastMoved: 0, contrastSize: 0, disturbance: 0 });
  });

  it("a set that carries the whole contrast leaves none of it", () => {
    const { contrastMoved, contrastSize } = pairEffects(whole, { a: whole.a, b: whole.a });
    expect([contrastMoved, contrastSize]).toEqual([1, -1]);
  });

  it("a set that carries half of it leaves half", () => {
    const half = vector(1, 3.5, 3, 6);
    expect(pairEffects(whole, { a: whole.a, b: half })).toMatchObject({
      contrastMoved: 0.5,
      contrastSize: -0.5,
    });
  });

  it("a contrast that turns moves without shrinking", () => {
    const turned = vector(1 + 4, 2, 3, 4 + 3);
    const { contrastMoved, contrastSize } = pairEffects(whole, { a: whole.a, b: turned });
    expect(contrastSize).toBeCloseTo(0, 12);
    expect(contrastMoved).toBeCloseTo(Math.sqrt(16 + 9 + 1) / 5, 12);
  });

  it("what both conditions lose alike is disturbance, and no part of the contrast", () => {
    const lost = (v: Float32Array): Float32Array => v.map((value) => value - 1);
    const effects = pairEffects(whole, { a: lost(whole.a), b: lost(whole.b) });
    expect(effects).toMatchObject({ contrastMoved: 0, contrastSize: 0 });
    expect(effects.disturbance).toBeCloseTo((2 / Math.sqrt(30) + 2 / Math.sqrt(99)) / 2, 12);
  });

  it("is the same at any scale of the velocities", () => {
    const ablated = { a: vector(1, 1, 3, 5), b: vector(0, 5, 2, 8) };
    const scale = (v: Float32Array): Float32Array => v.map((value) => 4 * value);
    expect(
      pairEffects({ a: scale(whole.a), b: scale(whole.b) }, { a: scale(ablated.a), b: scale(ablated.b) }),
    ).toEqual(pairEffects(whole, ablated));
  });
});

it("pairNorms gives the lengths of the contrast and, in the mean, of the velocities", () => {
  const { contrast, velocity } = pairNorms(whole);
  expect(contrast).toBe(5);
  expect(velocity).toBeCloseTo((Math.sqrt(30) + Math.sqrt(99)) / 2, 12);
});

describe("testSet(set, random)", () => {
  const effects = (moved: number, size = 0): SetEffects => ({
    units: [],
    contrastMoved: [moved, moved],
    contrastSize: [size, size],
    disturbance: [moved, moved],
  });

  it("p counts the random sets that move the contrast as much, and the set itself", () => {
    const random = [0.1, 0.2, 0.3, 0.4].map((moved) => effects(moved));
    expect(testSet(effects(0.35), random).contrastMoved.p).toBe(2 / 5);
    expect(testSet(effects(0.5), random).contrastMoved).toEqual({
      observed: 0.5,
      nullMean: 0.25,
      nullMinimum: 0.1,
      nullMaximum: 0.4,
      p: 1 / 5,
    });
  });

  it("ties count against the set: no effect anywhere has p = 1", () => {
    const { contrastMoved, contrastSize, disturbance } = testSet(effects(0), [effects(0), effects(0)]);
    expect([contrastMoved.p, contrastSize.p, disturbance.p]).toEqual([1, 1, 1]);
  });

  it("of the size of the contrast, sets count that shrink it as much", () => {
    const random = [effects(0, -0.1), effects(0, 0.3), effects(0, -0.4)];
    expect(testSet(effects(0, -0.2), random).contrastSize.p).toBe(2 / 4);
  });

  it("a set that was drawn as the others were has a uniform p", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 }),
        (values) => {
          const all = values.map((moved) => effects(moved));
          const p = all.map(
            (set) =>
              testSet(
                set,
                all.filter((other) => other !== set),
              ).contrastMoved.p,
          );
          const expected = values.map((_, rank) => (rank + 1) / values.length);
          expect(p.sort((one, other) => one - other)).toEqual(expected);
        },
      ),
    );
  });
});
