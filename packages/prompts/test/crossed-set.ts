import fc from "fast-check";
import type { CrossedDesign } from "../src/crossed/expand-design.ts";
import type { Factor, FactorLevel } from "../src/prompt-set.ts";

const head = { name: "crossed", version: "1.0.0", title: "Crossed", labels: { a: "small", b: "large" } };

/** Two objects in three sizes as plain data, to be spoiled by tests. */
export function tinyDesign(): Record<string, unknown> & {
  factors: { name: string; levels: Record<string, unknown>[] }[];
} {
  return {
    ...head,
    template: "a {object} {size} wide",
    factors: [
      {
        name: "object",
        levels: [
          { id: "cube", text: "cube" },
          { id: "ring", text: "ring" },
        ],
      },
      {
        name: "size",
        levels: [
          { id: "1-m", text: "one meter", grade: 0 },
          { id: "1-mm", text: "one millimeter", grade: -3 },
          { id: "1-km", text: "one kilometer", grade: 3 },
        ],
      },
    ],
  };
}

const id = fc.string({ unit: fc.constantFrom(...Array.from('ab/-–{}"é日')), minLength: 1, maxLength: 3 });
const text = fc
  .string({ unit: fc.constantFrom(...Array.from("ab {}$&é")), maxLength: 6 })
  .map((rest) => `x${rest}`);

const factorLevels = fc.uniqueArray(fc.record({ id, text }), {
  minLength: 2,
  maxLength: 6,
  selector: ({ id }) => id,
});
// Adding 0 makes 0 of −0, which JSON does not have.
const grades = fc.uniqueArray(
  fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((grade) => grade + 0),
  { minLength: 6, maxLength: 6 },
);

/** Any design that breaks no rule, of two to four factors in any order. */
export const designs: fc.Arbitrary<CrossedDesign> = fc
  .record({
    graded: factorLevels,
    grades,
    others: fc.array(factorLevels, { minLength: 1, maxLength: 3 }),
    place: fc.nat(3),
    names: fc.shuffledSubarray(["size", "a", "constructor", "toString", "F_1", "7"], { minLength: 4 }),
    order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
  })
  .map(({ graded, grades, others, place, names, order }) => {
    const contrast = graded.map((level, index): FactorLevel => ({ ...level, grade: grades[index] ?? NaN }));
    const factors = others
      .map((levels): readonly FactorLevel[] => levels.slice(0, 3))
      .toSpliced(place % (others.length + 1), 0, contrast)
      .map((levels, index): Factor => ({ name: names[index] ?? "", levels }));
    const placeholders = order.flatMap((index) =>
      index < factors.length ? [`{${names[index] ?? ""}}`] : [],
    );
    return { ...head, template: `a ${placeholders.join(" {not one} ")}.`, factors };
  });
