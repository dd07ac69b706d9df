import { listPlaceholders, type SidedText } from "../fill-template.ts";
import type { PromptsProblem } from "../prompts-error.ts";
import { describeValue, formatJsonPath } from "./json-path.ts";

type Path = readonly PropertyKey[];

/**
 * Why a set cannot be made from its template and rows, which may come from JSON whatever their types say.
 *
 * A value that is no text would stand in the prompts as "undefined", and a side or a list of pairs of its own would be
 * overwritten by what the template makes.
 */
export function findTemplateProblems(definition: {
  readonly template: unknown;
  readonly rows?: unknown;
  readonly pairs?: unknown;
}): PromptsProblem[] {
  const { template, rows, pairs } = definition;
  const problems = findTextProblems(template, ["template"]);
  if (pairs !== undefined) {
    const advice = "Remove them, or the template and its rows.";
    problems.push(
      describeProblem(["pairs"], pairs, "pairs stand beside a template", "no pairs: rows make them", advice),
    );
  }
  if (!Array.isArray(rows)) {
    const advice = "Give a row { id, values } for each pair.";
    problems.push(describeProblem(["rows"], rows, "the rows are no list", "a list of rows", advice));
  }
  if (!isSidedText(template) || !Array.isArray(rows)) return problems;
  const wanted = listPlaceholders(template);
  return [
    ...problems,
    ...rows.flatMap((row: unknown, index) => findRowProblems(row, ["rows", index], wanted)),
  ];
}

function findRowProblems(row: unknown, path: Path, wanted: readonly string[]): PromptsProblem[] {
  if (!isRecord(row)) {
    const expected = "an object { id, values }, optionally with grade and meta";
    return [describeProblem(path, row, "a row is no object", expected, "Write it as an object.")];
  }
  const sides = ["a", "b"].filter((side) => Object.hasOwn(row, side));
  const problems = sides.map((side) => {
    const what = "a row has a side of its own";
    const advice = "Remove it, or list the set's pairs without a template.";
    return describeProblem([...path, side], row[side], what, "values: the template makes the sides", advice);
  });
  const { values } = row;
  if (!isRecord(values)) {
    const expected = "an object with a text for each placeholder";
    const problem = describeProblem(
      [...path, "values"],
      values,
      "a row has no values",
      expected,
      "Add them.",
    );
    return [...problems, problem];
  }
  return [...problems, ...findValueProblems(values, [...path, "values"], wanted)];
}

function findValueProblems(
  values: Readonly<Record<string, unknown>>,
  path: Path,
  wanted: readonly string[],
): PromptsProblem[] {
  const given = Object.keys(values);
  const missing = wanted.filter((name) => !given.includes(name));
  const surplus = given.filter((name) => !wanted.includes(name));
  const texts = Object.entries(values).flatMap(([name, value]) => findTextProblems(value, [...path, name]));
  const [first] = [...missing, ...surplus];
  if (first === undefined) return texts;
  const isMissing = missing.length > 0;
  const problem: PromptsProblem = {
    code: "invalid-template",
    path: formatJsonPath(path),
    what: isMissing ? "a placeholder has no value" : "a value has no placeholder",
    expected: describeNames(wanted),
    received: describeNames(given),
    advice: isMissing ? `Add ${missing.join(", ")}.` : `Remove ${surplus.join(", ")}.`,
  };
  return [problem, ...texts];
}

/** A text, or an object of two and nothing else. */
function findTextProblems(value: unknown, path: Path): PromptsProblem[] {
  if (typeof value === "string") return [];
  const expected = "a text, or an object { a, b } of two texts";
  const advice = "Write it in quotes, for both sides or for each.";
  if (!isRecord(value)) return [describeProblem(path, value, "a value is not a text", expected, advice)];
  const wrong = ["a", "b"].filter((side) => typeof value[side] !== "string");
  const surplus = Object.keys(value).filter((key) => key !== "a" && key !== "b");
  return [
    ...wrong.map((side) =>
      describeProblem([...path, side], value[side], "the text of a side is missing", expected, advice),
    ),
    ...surplus.map((key) =>
      describeProblem([...path, key], value[key], "a key is not known", expected, "Remove it."),
    ),
  ];
}

function describeProblem(
  path: Path,
  value: unknown,
  what: string,
  expected: string,
  advice: string,
): PromptsProblem {
  const code = "invalid-template";
  return { code, path: formatJsonPath(path), what, expected, received: describeValue(value), advice };
}

function isSidedText(value: unknown): value is SidedText {
  return findTextProblems(value, []).length === 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describeNames(names: readonly string[]): string {
  return names.length === 0 ? "no values" : `values for ${names.join(", ")}`;
}
