import { expect, it } from "vitest";
import { roundHalfToEven } from "./round-half-to-even.ts";

it.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [2.4999, 2],
  [2.5001, 3],
  [-0.5, 0],
  [-1.5, -2],
  [-2.5, -2],
])("%d becomes %d", (value, rounded) => {
  expect(roundHalfToEven(value) + 0).toBe(rounded); // + 0: the sign of a zero does not count
});
