import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import { openTextEncoder } from "../src/pipeline/open-text-encoder.ts";
import type { Tensor } from "../src/tensor.ts";

/** The embedding of a prompt by a checkpoint with few layers, [1, 32, channels]. */
export async function embedsOf(checkpoint: Checkpoint): Promise<Tensor> {
  const encoder = await openTextEncoder(checkpoint, { maxSequenceLength: 32, textEncoderLayers: [1, 2, 3] });
  const { embeds } = await encoder.encode("a grey object");
  await encoder.close();
  return embeds;
}
