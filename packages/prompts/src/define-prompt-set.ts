import type { CrossedDesign } from "./crossed/expand-design.ts";
import { fillRow, type TemplateRow } from "./fill-template.ts";
import type { PromptSet } from "./prompt-set.ts";
import { PromptsError } from "./prompts-error.ts";
import { findTemplateProblems } from "./validate/find-template-problems.ts";
import { validatePromptSet } from "./validate/validate-prompt-set.ts";

/** A set whose pairs are made from one template, or from one for each side, with `{name}` where a value goes. */
export interface TemplatedPromptSet extends Omit<PromptSet, "pairs"> {
  /** The text with placeholders, for both sides or for each. */
  readonly template: string | { readonly a: string; readonly b: string };
  /** One for each pair. */
  readonly rows: readonly TemplateRow[];
}

/**
 * Checks a prompt set written in code, with its pairs listed, made from a template and rows, or from a template and
 * factors; returns a copy.
 *
 * @throws {PromptsError} `invalid-template` for a placeholder without a value, a value without a placeholder, a template
 * or a value that is not a text for each side, and rows that are not; everything that is wrong with a set.
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
export function definePromptSet(definition: PromptSet | TemplatedPromptSet | CrossedDesign): PromptSet {
  const { name: source } = definition;
  if (!("template" in definition) || "factors" in definition)
    return validatePromptSet(definition, { source });
  const [first, ...others] = findTemplateProblems(definition);
  if (first !== undefined) throw new PromptsError([first, ...others], { source });
  const { template, rows, ...rest } = definition;
  const pairs = rows.map((row) => fillRow(template, row));
  return validatePromptSet({ ...rest, pairs }, { source });
}
