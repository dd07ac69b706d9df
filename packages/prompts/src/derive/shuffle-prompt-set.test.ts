import fc from "fast-check";
import { expect, test } from "vitest";
import { tinyDesign } from "../../test/crossed-set.ts";
import { loadPromptSet } from "../load-prompt-set.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";
import { promptText, type PromptSet } from "../prompt-set.ts";
import { shufflePromptSet } from "./shuffle-prompt-set.ts";

function setOf(count: number): PromptSet {
  const pairs = Array.from({ length: count }, (_, index) => ({
    id: `p${index}`,
    a: `a${index}`,
    b: `b${index}`,
    grade: index,
  }));
  return { name: "test", version: "1.0.0", title: "Test", labels: { a: "small", b: "large" }, pairs };
}

const sets = fc.integer({ min: 2, max: 30 }).map(setOf);

test("shufflePromptSet keeps ids and order, and a member of each pair in that pair", () => {
  fc.assert(
    fc.property(sets, fc.maxSafeNat(), (set, seed) => {
      const { pairs } = shufflePromptSet(set, { seed });
      expect(pairs.map(({ id }) => id)).toEqual(set.pairs.map(({ id }) => id));
      for (const { id, meta } of pairs) expect(meta?.["from"]).toContain(id);
    }),
  );
});

test("shufflePromptSet never crosses the conditions and never couples a member with itself", () => {
  fc.assert(
    fc.property(sets, fc.maxSafeNat(), (set, seed) => {
      for (const { a, b, meta } of shufflePromptSet(set, { seed }).pairs) {
        const members = [promptText(a), promptText(b)];
        expect(members.map((text) => text[0])).toEqual([meta?.["condition"], meta?.["condition"]]);
        expect(meta?.["from"]).toEqual(members.map((text) => `p${text.slice(1)}`));
        expect(a).not.toBe(b);
      }
    }),
  );
});

test("shufflePromptSet uses every member once; of an odd number, one of condition a twice and its partner never", () => {
  fc.assert(
    fc.property(sets, fc.maxSafeNat(), (set, seed) => {
      const used = shufflePromptSet(set, { seed }).pairs.flatMap(({ a, b }) => [
        promptText(a),
        promptText(b),
      ]);
      const members = set.pairs.flatMap(({ a, b }) => [promptText(a), promptText(b)]);
      const unused = members.filter((member) => !used.includes(member));
      const isOdd = set.pairs.length % 2 === 1;
      expect(new Set(used).size).toBe(used.length - (isOdd ? 1 : 0));
      expect(unused).toHaveLength(isOdd ? 1 : 0);
      for (const member of unused) {
        const partner = member.replace("b", "a");
        expect(used.filter((text) => text === partner)).toHaveLength(2);
      }
    }),
  );
});

test("shufflePromptSet leaves which of two members becomes side b to a fair coin", () => {
  const set = setOf(1_000);
  const own = shufflePromptSet(set).pairs.filter(({ id, meta }) => firstOf(meta?.["from"]) === id).length;
  // 500 expected; the standard deviation is 16.
  expect(Math.abs(own - 500)).toBeLessThan(64);
});

test("shufflePromptSet depends on the seed alone, and its version says it", () => {
  const set = setOf(25);
  const shuffled = shufflePromptSet(set, { seed: 7 });
  expect(shufflePromptSet(set, { seed: 7 })).toEqual(shuffled);
  expect(shufflePromptSet(set, { seed: 8 }).pairs).not.toEqual(shuffled.pairs);
  expect(shuffled).toMatchObject({ name: "test-shuffled", version: "1.0.0+seed.7" });
  expect(shuffled.pairs[0]).not.toHaveProperty("grade");
});

test("shufflePromptSet gives the same pairs in every version of this package", async () => {
  const shuffled = await loadPromptSet("shuffled");
  expect(shuffled.name).toBe("shuffled");
  expect(shuffled.pairs.slice(0, 3).map(({ meta }) => meta)).toMatchInlineSnapshot(`
    [
      {
        "condition": "b",
        "from": [
          "microscopic-planetary",
          "micrometer-kilometer-wide",
        ],
      },
      {
        "condition": "a",
        "from": [
          "decimal-thousands-meters-across",
          "atomic-cosmic",
        ],
      },
      {
        "condition": "b",
        "from": [
          "decimal-thousands-meters-long",
          "nm-km-tall",
        ],
      },
    ]
  `);
});

test.each([-1, 0.5, NaN, 2 ** 53])("shufflePromptSet refuses the seed %d", (seed) => {
  expect(() => shufflePromptSet(setOf(4), { seed })).toThrow(
    expect.objectContaining({ code: "invalid-argument", source: "test" }) as Error,
  );
});

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}

test("shufflePromptSet makes a plain set of pairs of a crossed one", () => {
  const set = parsePromptSet(JSON.stringify(tinyDesign()));
  const derived = shufflePromptSet(set, { seed: 3 });
  expect(derived.factors).toBeUndefined();
  expect(derived.pairs.map(({ id }) => id)).toEqual(set.pairs.map(({ id }) => id));
  expect(derived.pairs.every(({ a, b }) => typeof a === "string" && typeof b === "string")).toBe(true);
  expect(parsePromptSet(JSON.stringify(derived))).toEqual(derived);
});
