import { openTextEncoder, readTensors, writeSafetensors, type Tensor } from "@measure-plantain/flux-runtime";
import { promptText } from "@measure-plantain/prompts";
import { existsSync } from "node:fs";
import { sha256 } from "../sha256.ts";
import type { ProbeContext } from "./probe-context.ts";

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
  const { maxSequenceLength, rotaryFrequencies } = settings;
  await clock.measure("encode prompts", async (watch) => {
    const encoder = await openTextEncoder(checkpoint, {
      maxSequenceLength,
      rotaryFrequencies,
      ...runtime,
      ...watch,
    });
    const reportDone = reporter.start("encoding prompts", { unit: "prompts", total: missing.length });
    try {
      for (const [index, text] of missing.entries()) {
        const { embeds } = await encoder.encode(text);
        await writeSafetensors(embeddingPath(context, text), [{ name: "prompt_embeds", ...embeds }]);
        reportDone(index + 1);
      }
    } finally {
      await encoder.close();
    }
  });
}

/** The stored embedding of a prompt, [1, S, C]. */
export async function readEmbedding(context: ProbeContext, text: string): Promise<Tensor> {
  const embeds = (await readTensors(embeddingPath(context, text))).get("prompt_embeds");
  if (embeds === undefined) throw new RangeError(`no embedding was stored for “${text}”`);
  return embeds;
}

function embeddingPath({ folder, settings, checkpoint }: ProbeContext, text: string): string {
  const { maxSequenceLength, rotaryFrequencies } = settings;
  const key = sha256(
    JSON.stringify([text, maxSequenceLength, rotaryFrequencies, checkpoint.tokenizerFolder]),
  );
  return folder.file("cache", `prompt-${key.slice(0, 32)}.safetensors`);
}
