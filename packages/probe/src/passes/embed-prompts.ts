import {
  openTextEncoder,
  readSafetensorsHeader,
  readTensors,
  writeSafetensors,
  type PromptEmbedding,
} from "@measure-plantain/flux-runtime";
import { promptText } from "@measure-plantain/prompts";
import { existsSync } from "node:fs";
import { sha256 } from "../sha256.ts";
import type { ProbeContext } from "./probe-context.ts";
import { encodingOptions } from "./runtime-options.ts";

/** Encodes every distinct prompt of the run's pairs once and keeps the embeddings in the run folder's cache. */
export async function embedPrompts(context: ProbeContext): Promise<void> {
  const { checkpoint, promptSet, settings, pairs, reporter, clock, runtime } = context;
  const texts = new Set(
    pairs.flatMap((index) => {
      const pair = promptSet.pairs[index];
      return pair === undefined ? [] : [promptText(pair.a), promptText(pair.b)];
    }),
  );
  const missing = [...texts].filter((text) => !existsSync(embeddingPath(context, text)));
  if (missing.length === 0) return;
  await clock.measure("encode prompts", async (watch) => {
    const encoder = await openTextEncoder(checkpoint, {
      ...encodingOptions(settings),
      ...runtime,
      ...watch,
    });
    const reportDone = reporter.start("encoding prompts", { unit: "prompts", total: missing.length });
    try {
      for (const [index, text] of missing.entries()) {
        await writeEmbedding(embeddingPath(context, text), await encoder.encode(text));
        reportDone(index + 1);
      }
    } finally {
      await encoder.close();
    }
  });
}

/** An embedding as the cache holds it. */
export type StoredEmbedding = Pick<PromptEmbedding, "embeds" | "promptTokens" | "tokenCount">;

async function writeEmbedding(
  path: string,
  { embeds, promptTokens: [start, stop], tokenCount }: StoredEmbedding,
): Promise<void> {
  const metadata = { prompt_start: String(start), prompt_stop: String(stop), tokens: String(tokenCount) };
  await writeSafetensors(path, [{ name: "prompt_embeds", ...embeds }], { metadata });
}

/** The stored embedding of a prompt, [1, S, C], and which of its tokens are what. */
export async function readEmbedding(context: ProbeContext, text: string): Promise<StoredEmbedding> {
  const path = embeddingPath(context, text);
  const { metadata } = await readSafetensorsHeader(path);
  const embeds = (await readTensors(path)).get("prompt_embeds");
  if (embeds === undefined) throw new RangeError(`no embedding was stored for “${text}”`);
  return {
    embeds,
    promptTokens: [Number(metadata["prompt_start"]), Number(metadata["prompt_stop"])],
    tokenCount: Number(metadata["tokens"]),
  };
}

function embeddingPath({ folder, settings, checkpoint }: ProbeContext, text: string): string {
  const key = sha256(JSON.stringify([text, encodingOptions(settings), checkpoint.tokenizerFolder]));
  return folder.file("cache", `prompt-${key.slice(0, 32)}.safetensors`);
}
