import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deviation, kleinTiny, openKleinTiny, readExpected } from "../../test/klein-tiny.ts";
import type { Tensor } from "../tensor.ts";
import { openTextEncoder } from "./open-text-encoder.ts";

const { prompts, token_count } = JSON.parse(readFileSync(join(kleinTiny, "expected.json"), "utf8")) as {
  prompts: string[];
  token_count: number[];
}; // the fixture's own shape

/** Row k of a [N, S, C] tensor as [1, S, C]. */
function row({ data, shape: [, S = 0, C = 0] }: Tensor, k: number): Tensor {
  return { data: data.subarray(k * S * C, (k + 1) * S * C), shape: [1, S, C] };
}

// The reference model was cast to bfloat16 as a whole and back, which left its rotary frequencies rounded.
const asTheReferenceWasMade = { rotaryFrequencies: "bfloat16" } as const;

describe("the prompt embedding equals the reference's", () => {
  it("at 64 tokens, for every prompt", async () => {
    const expected = (await readExpected())("prompt_embeds.64");
    const encoder = await openTextEncoder(await openKleinTiny(), {
      maxSequenceLength: 64,
      ...asTheReferenceWasMade,
    });
    try {
      for (const [k, prompt] of prompts.entries()) {
        const { embeds, tokenCount, truncated } = await encoder.encode(prompt);
        expect(deviation(embeds, row(expected, k))).toBeLessThan(1e-4);
        expect({ tokenCount, truncated }).toEqual({ tokenCount: token_count[k], truncated: false });
      }
    } finally {
      await encoder.close();
    }
  });

  it("at 512 tokens, the pipeline's own length", async () => {
    const expected = (await readExpected())("prompt_embeds.512");
    const encoder = await openTextEncoder(await openKleinTiny(), asTheReferenceWasMade);
    try {
      const { embeds } = await encoder.encode(prompts[0] ?? "");
      expect(deviation(embeds, expected)).toBeLessThan(1e-4);
    } finally {
      await encoder.close();
    }
  });
});

it("float32 frequencies change the embedding by no more than the rounding of bfloat16 explains, and not at position 0", async () => {
  const expected = row((await readExpected())("prompt_embeds.64"), 0);
  const encoder = await openTextEncoder(await openKleinTiny(), { maxSequenceLength: 64 });
  try {
    const { embeds } = await encoder.encode(prompts[0] ?? "");
    const first = (tensor: Tensor): Tensor => ({ data: tensor.data.subarray(0, 96), shape: [96] });
    expect(deviation(first(embeds), first(expected))).toBeLessThan(1e-4);
    expect(deviation(embeds, expected)).toBeGreaterThan(1e-4);
    expect(deviation(embeds, expected)).toBeLessThan(2 ** -8);
  } finally {
    await encoder.close();
  }
});
