import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answeringDirection, dot } from "./answering-direction.ts";

describe("answeringDirection(changes, answers)", () => {
  const value = fc.double({ min: -1, max: 1, noNaN: true });
  const problem = fc.integer({ min: 1, max: 6 }).chain((pairs) =>
    fc.record({
      // A diagonal keeps the changes independent.
      changes: fc.array(fc.array(value, { minLength: 8, maxLength: 8 }), {
        minLength: pairs,
        maxLength: pairs,
      }),
      answers: fc.array(value, { minLength: pairs, maxLength: pairs }),
    }),
  );

  it("has the asked product with every change", () => {
    fc.assert(
      fc.property(problem, ({ changes, answers }) => {
        const independent = changes.map((row, pair) =>
          Float64Array.from(row, (entry, channel) => entry + (channel === pair ? 10 : 0)),
        );
        const direction = answeringDirection(independent, answers);
        for (const [pair, change] of independent.entries()) {
          expect(dot(direction, change)).toBeCloseTo(answers[pair] ?? NaN, 9);
        }
      }),
    );
  });

  it("is the shortest: nothing of it is orthogonal to all changes", () => {
    const changes = [Float64Array.of(1, 2, 0, 0), Float64Array.of(0, 1, 3, 0)];
    const direction = answeringDirection(changes, [1, -1]);
    expect(direction[3]).toBe(0);
    expect(dot(direction, Float64Array.of(6, -3, 1, 0))).toBeCloseTo(0, 12); // orthogonal to both
  });

  it("refuses changes that depend on each other, naming the pair", () => {
    const change = Float64Array.of(1, 2, 3);
    expect(() => answeringDirection([change, Float64Array.of(0, 1, 0), change], [1, 1, 1])).toThrow(/pair 3/);
  });
});
