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
export function fillRow(template: SidedText, { values, ...pair }: TemplateRow): PromptPair {
  const fill = (side: "a" | "b"): string => {
    const texts = Object.entries(values).map(([name, text]) => [name, textOf(side, text)] as const);
    return fillTemplate(textOf(side, template), Object.fromEntries(texts));
  };
  return { ...pair, a: fill("a"), b: fill("b") };
}

/** The text with each name in braces replaced by its value; what has no value stays. */
export function fillTemplate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(PLACEHOLDER, (placeholder, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? placeholder) : placeholder,
  );
}

function textOf(side: "a" | "b", text: SidedText): string {
  return typeof text === "string" ? text : text[side];
}
