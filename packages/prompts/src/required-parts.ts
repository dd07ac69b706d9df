import { listReferences, type PromptSet, type Reference } from "./prompt-set.ts";
import { PromptsError, type PromptsProblem } from "./prompts-error.ts";

/**
 * The one fixed image of a set, for a probe that cannot do without it.
 *
 * @throws {PromptsError} `missing-key` where the set has no reference, `invalid-value` where it has several
 *   ({@link listReferences} gives them all).
 * @example
 * const kitchen = requireReference(await loadPromptSet("otherview"));
 * kitchen.steps; // 14
 */
export function requireReference(set: PromptSet): Reference {
  const references = listReferences(set);
  const [reference] = references;
  if (reference !== undefined && references.length === 1) return reference;
  const isMissing = reference === undefined;
  const problem: PromptsProblem = {
    code: isMissing ? "missing-key" : "invalid-value",
    path: "reference",
    what: isMissing ? "the set has no reference" : "the set has several references",
    expected: "one reference",
    received: isMissing ? "none" : `${references.length} references`,
    advice: isMissing ? "Add one." : "Choose one, or run the probe once for each.",
  };
  throw new PromptsError([problem], { source: set.name });
}

/**
 * The grade of every pair, in the order of the set: what a graded probe holds its differences against.
 *
 * @returns [pairs].
 * @throws {PromptsError} `missing-key` for each pair that has none.
 * @example
 * const grades = requireGrades(await loadPromptSet("otherview"));
 * grades.length; // 30, from 0 (an adult human) to 9 (a bacterium)
 */
export function requireGrades(set: PromptSet): number[] {
  const [first, ...others] = set.pairs.flatMap(({ id, grade }, index): PromptsProblem[] =>
    grade === undefined
      ? [
          {
            code: "missing-key",
            path: `pairs[${index}].grade`,
            what: `the pair ${JSON.stringify(id)} has no grade`,
            expected: "a number for each pair",
            received: "nothing",
            advice: "Grade all pairs, or none.",
          },
        ]
      : [],
  );
  if (first !== undefined) throw new PromptsError([first, ...others], { source: set.name });
  return set.pairs.flatMap(({ grade }) => grade ?? []);
}
