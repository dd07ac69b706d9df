import type { Tensor } from "@measure-plantain/flux-runtime";
import { promptText } from "@measure-plantain/prompts";
import { EMBEDDING_DISTANCE, EMBEDDING_MEAN } from "../captures/capture-tensors.ts";
import { itemAt, valueAt } from "../reading.ts";
import { readEmbedding } from "./embed-prompts.ts";
import type { ProbeContext } from "./probe-context.ts";

/**
 * How far the embeddings of a pair's two prompts lie apart, and the mean of each over its tokens: what the transformer is
 * told, before it has done anything. Two embeddings are held at once.
 *
 * @returns `embedding_distance` [pairs], the Frobenius norm of e_b − e_a, and `embedding_mean` [pairs, 2, C].
 */
export async function compareEmbeddings(context: ProbeContext): Promise<Map<string, Tensor>> {
  const { promptSet, pairs } = context;
  const distances = new Float32Array(pairs.length);
  const means: Float64Array[] = [];
  for (const [row, index] of pairs.entries()) {
    const { a, b } = itemAt(promptSet.pairs, index);
    const { embeds: embedsA } = await readEmbedding(context, promptText(a));
    const { embeds: embedsB } = await readEmbedding(context, promptText(b));
    distances[row] = distanceOf(embedsA, embedsB);
    means.push(meanOverTokens(embedsA), meanOverTokens(embedsB));
  }
  const channels = itemAt(means, 0).length;
  const data = new Float32Array(means.length * channels);
  for (const [row, mean] of means.entries()) data.set(mean, row * channels);
  return new Map([
    [EMBEDDING_DISTANCE, { data: distances, shape: [pairs.length] }],
    [EMBEDDING_MEAN, { data, shape: [pairs.length, 2, channels] }],
  ]);
}

/** ‖b − a‖ over all elements. */
function distanceOf(a: Tensor, b: Tensor): number {
  let sum = 0;
  for (const [place, value] of b.data.entries()) sum += (value - valueAt(a.data, place)) ** 2;
  return Math.sqrt(sum);
}

/** [1, S, C] → [C]. */
function meanOverTokens({ data, shape: [, S = 0, C = 0] }: Tensor): Float64Array {
  const mean = new Float64Array(C);
  for (let token = 0; token < S; token += 1)
    for (let channel = 0; channel < C; channel += 1)
      mean[channel] = valueAt(mean, channel) + valueAt(data, token * C + channel) / S;
  return mean;
}
