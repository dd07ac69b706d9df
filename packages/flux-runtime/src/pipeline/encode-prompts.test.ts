import { expect, it } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import { encodePrompts } from "./encode-prompts.ts";
import { openTextEncoder } from "./open-text-encoder.ts";

it("gives each prompt's embedding as the encoder does, in the order of the prompts, and nothing for none", async () => {
  const checkpoint = await openKleinTiny();
  const prompts = ["a grey object", "an object larger than a hill", "a grey object"];
  const encoder = await openTextEncoder(checkpoint, { maxSequenceLength: 32 });
  const expected = [];
  try {
    for (const prompt of prompts) expected.push(await encoder.encode(prompt));
  } finally {
    await encoder.close();
  }
  expect(await encodePrompts(checkpoint, prompts, { maxSequenceLength: 32 })).toEqual(expected);
  expect(await encodePrompts(checkpoint, [])).toEqual([]);
});
