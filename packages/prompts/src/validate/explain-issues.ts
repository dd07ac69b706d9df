import type { z } from "zod";
import { nearestName } from "../nearest-name.ts";
import type { PromptsErrorCode, PromptsProblem } from "../prompts-error.ts";
import { describePattern, findRefusedCharacter, LINES, ONE_LINE } from "./characters.ts";
import { describeValue, shorten } from "./json-path.ts";
import { knownKeys } from "./prompt-set-schema.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** A problem that still knows its path as a list, so that it can be located in a text. */
export interface UnlocatedProblem extends Omit<PromptsProblem, "path"> {
  readonly path: Path;
}

/** Turns zod's issues about `value` into problems that say what, where, expected, received, and what to do. */
export function explainIssues(issues: readonly Issue[], value: unknown): UnlocatedProblem[] {
  return issues
    .flatMap((outer) => withinUnion(outer, []))
    .flatMap((issue) => {
      if (issue.code === "unrecognized_keys") return explainUnknownKeys(issue.path, issue.keys, value);
      const pattern = [LINES, ONE_LINE].find((known) => isBroken(known, issue));
      if (pattern === undefined) return explainIssue(issue, value);
      return findCharacterProblem(String(valueAt(value, issue.path)), issue.path, pattern);
    });
}

/** The key `__proto__` of a `meta` or of a side's `levels`: zod leaves it out of a record without an issue. */
export function findLostKeys(value: unknown): UnlocatedProblem[] {
  const pairs = valueAt(value, ["pairs"]);
  if (!Array.isArray(pairs)) return [];
  return pairs.flatMap((pair: unknown, index) =>
    [["meta"], ["a", "levels"], ["b", "levels"]]
      .filter((path) => hasKey(valueAt(pair, path), "__proto__"))
      .map((path): UnlocatedProblem => ({
        code: "unknown-key",
        path: ["pairs", index, ...path, "__proto__"],
        what: "a key cannot be kept",
        expected: "any other name",
        received: '"__proto__"',
        advice: "Rename it: JavaScript reads this name as the prototype of the object.",
      })),
  );
}

/** Whether an issue says that a text does not match this pattern. */
function isBroken(pattern: RegExp, issue: Issue): boolean {
  return issue.code === "invalid_format" && issue.pattern === String(pattern);
}

/** The problem of a text with a character that `pattern` refuses. */
export function findCharacterProblem(text: string, path: Path, pattern: RegExp): UnlocatedProblem[] {
  const received = findRefusedCharacter(text, pattern);
  if (received === undefined) return [];
  return [
    {
      code: "invalid-character",
      path,
      what: "a text has a character that is not text",
      expected: describePattern(pattern),
      received,
      advice: "Remove it: a file or a terminal to which results are written would not keep it as it is.",
    },
  ];
}

/** The issues of the one alternative that the author meant; the union's own issue where no type fits. */
function withinUnion(issue: Issue, prefix: Path): Issue[] {
  const located = { ...issue, path: [...prefix, ...issue.path] };
  if (located.code !== "invalid_union") return [located];
  const meant = located.errors.find(
    (alternative) => !alternative.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  return meant === undefined ? [located] : meant.flatMap((inner) => withinUnion(inner, located.path));
}

function explainUnknownKeys(path: Path, keys: readonly string[], value: unknown): UnlocatedProblem[] {
  const known = knownKeys(path);
  const unused = known.filter((name) => !hasKey(valueAt(value, path), name));
  const home = known.includes("meta") ? "Remove it, or move it into meta." : "Remove it.";
  return keys.map((key) => {
    const near = nearestName(key, known);
    const isSlip = near !== undefined && unused.includes(near);
    return {
      code: "unknown-key",
      path: [...path, key],
      what: "a key is not known",
      expected: `one of ${known.join(", ")}`,
      received: shorten(JSON.stringify(key)),
      advice: isSlip ? `Did you mean ${JSON.stringify(near)}?` : home,
    };
  });
}

function explainIssue(issue: Issue, value: unknown): UnlocatedProblem {
  const { path } = issue;
  const received = valueAt(value, path);
  const code = codeOf(issue, received);
  return {
    code,
    path,
    what: WHAT[code] ?? "a value is not allowed here",
    expected: issue.message,
    received: describeReceived(issue, received),
    advice: ADVICE[code] ?? "Correct the value; the published JSON Schema lists what is allowed.",
  };
}

const WHAT: Partial<Record<PromptsErrorCode, string>> = {
  "empty-side": "a side is empty",
  "missing-key": "a key is missing",
  "too-few-pairs": "there are too few pairs",
  "too-large": "a value is too large",
};

const ADVICE: Partial<Record<PromptsErrorCode, string>> = {
  "empty-side": "Write the prompt, or remove the pair.",
  "missing-key": "Add it.",
  "too-few-pairs":
    "Add pairs: a paired test needs the spread of the differences, and one difference has none.",
  "too-large": "Shorten it, or split the set into several files.",
};

function codeOf(issue: Issue, received: unknown): PromptsErrorCode {
  const [first, , third, fourth] = issue.path;
  if (received === undefined) return "missing-key";
  if (issue.code === "too_big" && issue.origin !== "number" && issue.origin !== "int") return "too-large";
  if (issue.code === "too_small" && first === "pairs" && issue.path.length === 1) return "too-few-pairs";
  const isPrompt = (third === "a" || third === "b") && (fourth === undefined || fourth === "prompt");
  return issue.code === "invalid_format" && first === "pairs" && isPrompt ? "empty-side" : "invalid-value";
}

/** The size of what is too large, not its beginning. */
function describeReceived(issue: Issue, received: unknown): string {
  const isLongText = issue.code === "too_big" && typeof received === "string";
  return isLongText ? `${received.length} characters` : describeValue(received);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((parent, key) => (hasKey(parent, key) ? parent[key] : undefined), value);
}

function hasKey(value: unknown, key: PropertyKey): value is Readonly<Record<PropertyKey, unknown>> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}
