import { expect, test } from "vitest";
import { tinyDesign } from "../../test/crossed-set.ts";
import { auditPromptSet } from "../audit/audit-prompt-set.ts";
import { loadPromptSet } from "../load-prompt-set.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";
import { identicalPromptSet } from "./identical-prompt-set.ts";

test("identicalPromptSet puts side a and side b of the pairs against themselves by turns", async () => {
  const measure = await loadPromptSet("measure");
  const { pairs, name, reference } = identicalPromptSet(measure);
  expect(name).toBe("measure-identical");
  expect(reference).toEqual(measure.reference);
  expect(pairs.map(({ id }) => id)).toEqual(measure.pairs.map(({ id }) => id));
  for (const [index, pair] of measure.pairs.entries()) {
    const side = index % 2 === 0 ? pair.a : pair.b;
    expect(pairs[index]).toMatchObject({
      a: side,
      b: side,
      meta: { condition: index % 2 === 0 ? "a" : "b" },
    });
  }
});

test("the audit finds every pair of it identical", async () => {
  const set = await loadPromptSet("identical");
  const audit = auditPromptSet(set, { countTokens: (text) => text.length });
  expect(audit.verdicts).toEqual({ matched: 0, identical: 25, change: 0 });
});

test("identicalPromptSet makes a plain set of pairs of a crossed one", () => {
  const set = parsePromptSet(JSON.stringify(tinyDesign()));
  const derived = identicalPromptSet(set);
  expect(derived.factors).toBeUndefined();
  expect(derived.pairs.map(({ id }) => id)).toEqual(set.pairs.map(({ id }) => id));
  expect(derived.pairs.every(({ a, b }) => typeof a === "string" && typeof b === "string")).toBe(true);
  expect(parsePromptSet(JSON.stringify(derived))).toEqual(derived);
});
