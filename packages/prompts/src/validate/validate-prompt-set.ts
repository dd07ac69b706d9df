import { expandDesign, type CrossedDesign } from "../crossed/expand-design.ts";
import type { PromptPair, PromptSet } from "../prompt-set.ts";
import { PromptsError } from "../prompts-error.ts";
import { copyMeta } from "./copy-meta.ts";
import { explainIssues, findLostKeys, type UnlocatedProblem } from "./explain-issues.ts";
import { findCrossedProblems } from "./find-crossed-problems.ts";
import { findDesignProblems } from "./find-design-problems.ts";
import { formatJsonPath } from "./json-path.ts";
import type { TextPosition } from "./located-document.ts";
import { crossedDesignSchema, promptSetSchema } from "./prompt-set-schema.ts";

interface Origin {
  /** Names the value in error messages. */
  readonly source: string;
  /** Where a path stands in the text that the value came from, if it came from a text. */
  readonly locate?: (path: readonly PropertyKey[]) => TextPosition;
}

/**
 * Checks a value against the schema and the rules that a schema cannot say; returns a copy, with the pairs that a
 * template and factors make.
 *
 * @throws {PromptsError} with every problem found, in the order of the text.
 */
export function validatePromptSet(value: unknown, origin: Origin): PromptSet {
  if (hasTemplate(value)) return validatePromptSet(expandDesign(validateDesign(value, origin)), origin);
  const result = promptSetSchema.safeParse(value);
  const copied = copyMeta(result.success ? result.data.pairs : []);
  const found = result.success
    ? [
        ...findDuplicateIds(copied.pairs),
        ...findDuplicateControls(result.data),
        ...findCrossedProblems(result.data),
        ...copied.problems,
      ]
    : explainIssues(result.error.issues, value);
  refuseProblems([...found, ...findLostKeys(value)], origin);
  if (!result.success) throw result.error;
  return { ...result.data, pairs: copied.pairs };
}

function validateDesign(value: unknown, origin: Origin): CrossedDesign {
  const result = crossedDesignSchema.safeParse(value);
  const found = result.success ? findDesignProblems(result.data) : explainIssues(result.error.issues, value);
  refuseProblems(found, origin);
  if (!result.success) throw result.error;
  return result.data;
}

function hasTemplate(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "template");
}

function refuseProblems(problems: readonly UnlocatedProblem[], { source, locate }: Origin): void {
  const [first, ...others] = problems
    .map((problem) => ({ ...problem, ...locate?.(problem.path), path: formatJsonPath(problem.path) }))
    .sort(comparePositions);
  if (first !== undefined) throw new PromptsError([first, ...others], { source });
}

/** Where there is no text, all stand where the schema came upon them. */
function comparePositions(one: Partial<TextPosition>, other: Partial<TextPosition>): number {
  const { line = 0, column = 0 } = one;
  const { line: otherLine = 0, column: otherColumn = 0 } = other;
  return line === otherLine ? column - otherColumn : line - otherLine;
}

function findDuplicateControls({ controls = [] }: PromptSet): UnlocatedProblem[] {
  const names = controls.map(({ set }) => set);
  return names.flatMap((name, index): UnlocatedProblem[] => {
    const first = names.indexOf(name);
    if (first === index) return [];
    return [
      {
        code: "duplicate-id",
        path: ["controls", index, "set"],
        what: "two controls are the same set",
        expected: "a set that no other control names",
        received: `${JSON.stringify(name)} at controls[${first}] and at controls[${index}]`,
        advice: "Remove one of the two.",
      },
    ];
  });
}

function findDuplicateIds(pairs: readonly PromptPair[]): UnlocatedProblem[] {
  const firstIndex = new Map<string, number>();
  return pairs.flatMap(({ id }, index): UnlocatedProblem[] => {
    const first = firstIndex.get(id);
    if (first === undefined) {
      firstIndex.set(id, index);
      return [];
    }
    return [
      {
        code: "duplicate-id",
        path: ["pairs", index, "id"],
        what: "two pairs have the same id",
        expected: "an id that no other pair has",
        received: `${JSON.stringify(id)} at pairs[${first}] and at pairs[${index}]`,
        advice: "Rename one of the two.",
      },
    ];
  });
}
