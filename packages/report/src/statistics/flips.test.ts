import { expect, test } from "vitest";
import { FEWEST_FLIPS, findFlipsProblem, flipsOfSummary, MOST_FLIPS } from "./flips.ts";

test.each([
  [FEWEST_FLIPS, null],
  [MOST_FLIPS, null],
  [FEWEST_FLIPS - 1, /cannot give p below 0\.053/],
  [MOST_FLIPS + 1, /take too long and too much memory/],
  [0, /whole number from 19 on, or exact/],
  [20.5, /whole number/],
])("findFlipsProblem(%s) is %s", (flips, message) => {
  const problem = findFlipsProblem(flips);
  if (message === null) expect(problem).toBeNull();
  else expect(problem).toMatch(message);
});

test.each([
  [{ signFlips: { exact: true, labellings: 2 ** 24 } }, "exact"],
  [{ signFlips: { exact: false, labellings: 500 } }, 500],
  [{ signFlips: { exact: false, labellings: 0 } }, 200], // nothing varied
  [{ signFlips: { exact: false, labellings: 1e12 } }, null],
  [{ signFlips: { labellings: "200" } }, null],
  [{}, null],
])("flipsOfSummary(%j) is %s", (summary, flips) => {
  expect(flipsOfSummary(summary)).toBe(flips);
});
