import type { PromptPair } from "./prompt-set.ts";

/** What fills a template's placeholders: one text for both sides, or one for each. */
export interface TemplateRow extends Pick<PromptPair, "id" | "grade" | "meta"> {
  /** By the name of the placeholder. */
  readonly values: Readonly<Record<string, string | { readonly a: string; readonly b: string }>>;
}

/** A text for both sides, or one for each. */
export type SidedText = string | { readonly a: string; readonly b: string };

const PLACEHOLDER = /\{(\w+)\}/g;

/** The names that stand in braces in either side of a template, each once. */
export function listPlaceholders(template: SidedText): string[] {
  const texts = typeof template === "string" ? [template] : [template.a, template.b];
  const matches = texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)]);
  return [...new Set(matches.flatMap(([, name]) => name ?? []))];
}

/** The pair that a row makes of a template; `findTemplateProblems` has seen that they fit. */
export function fillTemplate(template: SidedText, { values, ...pair }: TemplateRow): PromptPair {
  return { ...pair, a: fillSide("a", template, values), b: fillSide("b", template, values) };
}

function fillSide(side: "a" | "b", template: SidedText, values: TemplateRow["values"]): string {
  return textOf(side, template).replaceAll(PLACEHOLDER, (placeholder, name: string) =>
    textOf(side, values[name] ?? placeholder),
  );
}

function textOf(side: "a" | "b", text: SidedText): string {
  return typeof text === "string" ? text : text[side];
}
