import type { CrossedDesign } from "../crossed/expand-design.ts";
import { countCombinations, isGraded } from "../crossed/factors.ts";
import { listPlaceholders } from "../fill-template.ts";
import { nearestName } from "../nearest-name.ts";
import type { UnlocatedProblem } from "./explain-issues.ts";
import { findFactorProblems } from "./find-factor-problems.ts";
import { shorten } from "./json-path.ts";
import { MAX_PAIRS } from "./limits.ts";

/** Why a crossed set cannot be made from its template and factors, which have the types that they should have. */
export function findDesignProblems({ template, factors }: CrossedDesign): UnlocatedProblem[] {
  return [
    ...findPlaceholderProblems(
      template,
      factors.map(({ name }) => name),
    ),
    ...findFactorProblems(factors),
    ...findSizeProblems(factors),
  ];
}

function findPlaceholderProblems(template: string, names: readonly string[]): UnlocatedProblem[] {
  const placeholders = listPlaceholders(template);
  const describe = (what: string, advice: string): UnlocatedProblem => ({
    code: "invalid-template",
    path: ["template"],
    what,
    expected: `the placeholders ${inBraces(names)}`,
    received: placeholders.length === 0 ? "no placeholder" : inBraces(placeholders),
    advice,
  });
  const unused = names.filter((name) => !placeholders.includes(name));
  const unknown = placeholders.filter((name) => !names.includes(name));
  return [
    ...unknown.map((name) => {
      const near = nearestName(name, unused);
      return describe(
        `the placeholder {${shorten(name)}} is the name of no factor`,
        near === undefined ? "Remove it, or add the factor." : `Did you mean {${near}}?`,
      );
    }),
    ...unused.map((name) =>
      describe(
        `the factor ${JSON.stringify(name)} does not occur in the template`,
        `Put {${name}} where the text of its level belongs.`,
      ),
    ),
  ];
}

/** So that the pairs are not made before the schema can refuse their number. */
function findSizeProblems(factors: CrossedDesign["factors"]): UnlocatedProblem[] {
  const rows = countCombinations(factors.filter((factor) => !isGraded(factor)));
  const levels = countCombinations(factors.filter(isGraded));
  const pairs = rows * Math.ceil(levels / 2);
  if (pairs <= MAX_PAIRS) return [];
  return [
    {
      code: "too-large",
      path: ["factors"],
      what: "the factors have too many combinations of levels",
      expected: `at most ${MAX_PAIRS} pairs`,
      received: `${rows} × ${levels} cells, which are ${pairs} pairs`,
      advice: "Leave out a factor, or some levels.",
    },
  ];
}

function inBraces(names: readonly string[]): string {
  return shorten(names.map((name) => `{${name}}`).join(", "));
}
