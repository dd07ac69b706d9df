import { createTokenizer, generationPrompts, type Checkpoint } from "@measure-plantain/flux-runtime";
import type { PromptSetAudit } from "@measure-plantain/prompts";
import { ProbeError } from "../probe-error.ts";

/** Prompts that the text encoder reads without their end. */
export interface CutPrompts {
  /** Tokens that are read of a prompt. */
  readonly length: number;
  /** How many are cut. */
  readonly prompts: number;
  /** Tokens that the longest of them needs, chat template included. */
  readonly longest: number;
}

/** An image to be rendered, as far as its prompts go. */
export interface RenderedPrompt {
  /** What the image shows. */
  readonly prompt: string;
  /** Above 1, the empty prompt is read, too. */
  readonly guidance: number;
}

/** Measures the prompts that images are rendered from, the empty one of guidance included; `null` if none is cut. */
export async function findCutRenderPrompts(
  checkpoint: Checkpoint,
  images: readonly RenderedPrompt[],
  { maxSequenceLength }: { readonly maxSequenceLength: number },
): Promise<CutPrompts | null> {
  const { chatText, encodeText } = await createTokenizer(checkpoint.tokenizerFolder);
  const prompts = new Set(images.flatMap((image) => generationPrompts(checkpoint, image)));
  const cut = [...prompts]
    .map((prompt) => encodeText(chatText(prompt)).length)
    .filter((needed) => needed > maxSequenceLength);
  return cut.length === 0
    ? null
    : { length: maxSequenceLength, prompts: cut.length, longest: Math.max(...cut) };
}

/** What is cut off the prompts of a set's pairs, in a sentence; nothing if all are whole. */
export function describeCutPairs({ name, pairs, cut }: PromptSetAudit): string[] {
  if (cut === undefined || cut.prompts === 0) return [];
  return [describeCut(cut, `Of the ${2 * pairs.length} prompts of ${name}`)];
}

/** What is cut off the prompts of rendered images, in a sentence. */
export function describeCutRenderPrompts(cut: CutPrompts): string {
  return describeCut(cut, "Of the prompts that an image is rendered from");
}

function describeCut({ length, prompts, longest }: CutPrompts, of: string): string {
  return (
    `${of}, ${prompts === 1 ? "1 is" : `${prompts} are`} read without the end: ` +
    `${prompts === 1 ? "it needs" : "the longest needs"} ${longest} tokens with the chat template, and the maximal ` +
    `sequence length is ${length}.`
  );
}

/**
 * Refuses a set with pairs of which the model reads the same on both sides although their texts differ.
 *
 * @throws {ProbeError} that names the pairs and the tokens that they need.
 */
export function requireContrast({ name, pairs, cut }: PromptSetAudit): void {
  const alike = pairs.flatMap((pair) => (pair.cut?.alike === true ? [{ id: pair.id, ...pair.cut }] : []));
  if (cut === undefined || alike.length === 0) return;
  const longest = Math.max(...alike.flatMap(({ a, b }) => [a, b]));
  const shown = alike.slice(0, SHOWN_PAIRS).map(({ id, a, b }) => `${id} (${a} and ${b})`);
  const hidden = alike.length - shown.length;
  throw new ProbeError(
    "no-contrast",
    `${name}: the model would read the same tokens on both sides of ${alike.length} of the ${pairs.length} pairs, so that ` +
      `nothing of their contrast is left. With a maximal sequence length of ${cut.length}, the sides need this many tokens: ` +
      `${shown.join(", ")}${hidden > 0 ? `, and ${hidden} more` : ""}. ` +
      (longest > cut.length
        ? `Use a maximal sequence length of ${longest} or more, or shorten what the sides begin with.`
        : "The tokenizer encodes their texts alike: reword one side of each."),
  );
}

/** A message with more pairs than this is no longer read. */
const SHOWN_PAIRS = 6;
