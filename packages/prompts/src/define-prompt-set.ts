import type { PromptPair, PromptSet } from "./prompt-set.ts";
import { PromptsError, type PromptsProblem } from "./prompts-error.ts";
import { validatePromptSet } from "./validate/validate-prompt-set.ts";

/** What fills a template's placeholders: one text for both sides, or one for each. */
export interface TemplateRow extends Pick<PromptPair, "id" | "grade" | "meta"> {
  /** By the name of the placeholder. */
  readonly values: Readonly<Record<string, string | { readonly a: string; readonly b: string }>>;
}

/** A set whose pairs are made from one template, or from one for each side, with `{name}` where a value goes. */
export interface TemplatedPromptSet extends Omit<PromptSet, "pairs"> {
  /** The text with placeholders, for both sides or for each. */
  readonly template: string | { readonly a: string; readonly b: string };
  /** One for each pair. */
  readonly rows: readonly TemplateRow[];
}

/**
 * Checks a prompt set written in code, with its pairs listed or made from a template; returns a copy.
 *
 * @throws {PromptsError} `invalid-template` for a placeholder without a value or a value without a placeholder, and
 * everything that is wrong with a set.
 * @example
 * const set = definePromptSet({
 *   name: "size", version: "1.0.0", title: "Size", labels: { a: "small", b: "large" },
 *   template: "a {size} object",
 *   rows: [
 *     { id: "words", values: { size: { a: "tiny", b: "huge" } } },
 *     { id: "units", values: { size: { a: "1 mm", b: "1 km" } } },
 *   ],
 * });
 * set.pairs[0]; // { id: "words", a: "a tiny object", b: "a huge object" }
 */
export function definePromptSet(definition: PromptSet | TemplatedPromptSet): PromptSet {
  const { name: source } = definition;
  if (!("template" in definition)) return validatePromptSet(definition, { source });
  const { template, rows, ...rest } = definition;
  const pairs = rows.map((row, index) => fillRow(template, row, { index, source }));
  return validatePromptSet({ ...rest, pairs }, { source });
}

function fillRow(
  template: TemplatedPromptSet["template"],
  row: TemplateRow,
  { index, source }: { readonly index: number; readonly source: string },
): PromptPair {
  const { values, ...pair } = row;
  const templates = typeof template === "string" ? { a: template, b: template } : template;
  const wanted = new Set([...listPlaceholders(templates.a), ...listPlaceholders(templates.b)]);
  const given = Object.keys(values);
  const missing = [...wanted].find((name) => !given.includes(name));
  const surplus = given.find((name) => !wanted.has(name));
  if (missing !== undefined || surplus !== undefined) {
    const problem: PromptsProblem = {
      code: "invalid-template",
      path: `rows[${index}].values`,
      what: missing === undefined ? "a value has no placeholder" : "a placeholder has no value",
      expected: describeNames([...wanted]),
      received: describeNames(given),
      advice: missing === undefined ? `Remove ${surplus ?? ""}.` : `Add ${missing}.`,
    };
    throw new PromptsError([problem], { source });
  }
  return { ...pair, a: fill(templates.a, values, "a"), b: fill(templates.b, values, "b") };
}

const PLACEHOLDER = /\{(\w+)\}/g;

function listPlaceholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].flatMap(([, name]) => name ?? []);
}

function fill(template: string, values: TemplateRow["values"], side: "a" | "b"): string {
  return template.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
    const value = values[name] ?? placeholder;
    return typeof value === "string" ? value : value[side];
  });
}

function describeNames(names: readonly string[]): string {
  return names.length === 0 ? "no values" : `values for ${names.join(", ")}`;
}
