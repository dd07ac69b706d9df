import { describe, expect, test } from "vitest";
import { tinyReference, tinySet } from "../test/tiny-set.ts";
import { loadPromptSet } from "./load-prompt-set.ts";
import { parsePromptSet } from "./parse-prompt-set.ts";
import { requireGrades, requireReference } from "./required-parts.ts";

const set = parsePromptSet(JSON.stringify(tinySet()));

describe("requireReference", () => {
  test("gives the reference, alone or in a list", () => {
    expect(requireReference({ ...set, reference: tinyReference })).toEqual(tinyReference);
    expect(requireReference({ ...set, reference: [tinyReference] })).toEqual(tinyReference);
  });

  test("refuses a set without one, and one with several", () => {
    expect(() => requireReference(set)).toThrow(
      expect.objectContaining({ code: "missing-key", source: "tiny" }),
    );
    expect(() => requireReference({ ...set, reference: [tinyReference, tinyReference] })).toThrow(
      /tiny: reference: the set has several references\. Expected one reference, received 2 references\./,
    );
  });
});

describe("requireGrades", () => {
  test("gives the grades in the order of the pairs, 0 included", async () => {
    const otherview = await loadPromptSet("otherview");
    expect(requireGrades(otherview)).toEqual(otherview.pairs.map(({ grade }) => grade));
    expect(requireGrades(otherview)[0]).toBe(0);
  });

  test("names every pair that has none", () => {
    const [one, two] = set.pairs;
    if (one === undefined || two === undefined) throw new Error("the tiny set has two pairs");
    expect(() => requireGrades({ ...set, pairs: [{ ...one, grade: 1 }, two] })).toThrow(
      /^tiny: pairs\[1\]\.grade: the pair "two" has no grade/,
    );
    expect(() => requireGrades(set)).toThrow(/tiny: 2 problems\n.*"one".*\n.*"two"/);
  });
});
