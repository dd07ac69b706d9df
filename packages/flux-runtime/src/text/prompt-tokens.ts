/** The tokens of a chat template around the prompt. */
export interface TemplateTokens {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** What stands for the prompt where its place is looked for: a character that no template has. */
const PLACEHOLDER = "\u{E000}";

/** The tokens that the chat template puts before and after a prompt; all before it, if the template leaves prompts out. */
export function templateTokens(
  chatText: (prompt: string) => string,
  encode: (text: string) => readonly number[],
): TemplateTokens {
  const [before = "", ...more] = chatText(PLACEHOLDER).split(PLACEHOLDER);
  return { before: encode(before), after: encode(more.at(-1) ?? "") };
}

/**
 * Which of a chat text's tokens are the prompt's own: those that are not the template's at the beginning or the end. A token
 * that joins characters of both, as line breaks may be, is the prompt's.
 */
export function findPromptTokens(
  ids: readonly number[],
  { before, after }: TemplateTokens,
): readonly [start: number, stop: number] {
  const start = commonLength(ids, before);
  return [start, Math.max(start, ids.length - commonLength(ids.toReversed(), after.toReversed()))];
}

/** How many items two lists begin with alike. */
function commonLength(one: readonly number[], other: readonly number[]): number {
  const place = other.findIndex((id, index) => id !== one[index]);
  return place === -1 ? other.length : place;
}
