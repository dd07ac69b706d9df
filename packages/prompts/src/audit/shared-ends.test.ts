import fc from "fast-check";
import { expect, test } from "vitest";
import { findSharedEnds } from "./shared-ends.ts";

test.each([
  [[1, 2, 3], [1, 5, 5, 3], { prefix: 1, suffix: 1 }],
  [[1, 2], [1, 2], { prefix: 2, suffix: 0 }],
  [[1, 1], [1, 1, 1], { prefix: 2, suffix: 0 }],
  [[], [1], { prefix: 0, suffix: 0 }],
])("findSharedEnds(%j, %j) is %j", (from, to, shared) => {
  expect(findSharedEnds(from, to)).toEqual(shared);
  expect(findSharedEnds(Int32Array.from(from), Int32Array.from(to))).toEqual(shared);
});

test("the ends never overlap, and what follows and precedes them differs", () => {
  const list = fc.array(fc.nat(2), { maxLength: 8 });
  fc.assert(
    fc.property(list, list, (from, to) => {
      const { prefix, suffix } = findSharedEnds(from, to);
      const shorter = Math.min(from.length, to.length);
      expect(prefix + suffix).toBeLessThanOrEqual(shorter);
      if (prefix + suffix < shorter) {
        expect(from[prefix]).not.toBe(to[prefix]);
        expect(from.at(-1 - suffix)).not.toBe(to.at(-1 - suffix));
      }
    }),
  );
});
