import { type AxisNull, axisNull, type GramMatrices, type Matrix } from "@measure-plantain/paired-stats";
import type { Captures, ChannelMeans } from "@measure-plantain/probe";
import { valueAt } from "../../reading.ts";
import { DONE, divideProgress } from "../divide-progress.ts";
import type { FlipOptions } from "../flip-options.ts";
import { type ChannelSet, gramsOfSets, listChannelSets } from "./channel-sets.ts";

/** Whether the differences of the pairs point in one direction, for one kind of response. */
export interface AxisResult {
  /** `signed`: the mean over tokens of each channel; `embedding`: that of the prompt's embedding, before the transformer. */
  readonly kind: "signed" | "embedding";
  /** What is taken together as one vector. */
  readonly sets: readonly ChannelSet[];
  /** Of each set, against sign flips of the pairs. */
  readonly axis: AxisNull;
}

/** Fewer pairs have no two halves of two. */
const LEAST_PAIRS = 4;
/** Random flips if the other nulls take every labelling: halvings are compared under each. */
const FLIPS_BESIDE_EXACT = 1_000;

/** Compares the pairs' differences as vectors; nothing if signed means were not captured, or there are too few pairs. */
export async function analyzeAxis(
  { layout, signed, embeddings }: Captures,
  { flips, seed, signal, onProgress }: FlipOptions,
): Promise<AxisResult[]> {
  if (signed === undefined || signed.shape[0] < LEAST_PAIRS) return [];
  const channels = listChannelSets(layout);
  const responses = [
    { kind: "signed", sets: channels.sets, grams: gramsOfSets(differences(signed), channels, 1) } as const,
    ...(embeddings === undefined ? [] : [embeddingResponse(embeddings.mean)]),
  ];
  const shares = divideProgress(
    onProgress,
    responses.map(({ sets }) => sets.length),
  );
  const results: AxisResult[] = [];
  for (const [place, { kind, sets, grams }] of responses.entries()) {
    if (!varies(grams)) {
      shares[place]?.(DONE);
      continue;
    }
    const axis = await axisNull(grams, {
      flips: flips === "exact" ? FLIPS_BESIDE_EXACT : flips,
      seed,
      signal,
      onProgress: shares[place],
    });
    results.push({ kind, sets, axis });
  }
  return results;
}

function embeddingResponse(mean: ChannelMeans): {
  readonly kind: "embedding";
  readonly sets: readonly ChannelSet[];
  readonly grams: GramMatrices;
} {
  const sets = [{ address: "all", kind: "all" }] as const;
  const ranges = [{ start: 0, stop: mean.shape[2] }];
  return { kind: "embedding", sets, grams: gramsOfSets(differences(mean), { sets, ranges, unions: [[0]] }, 1) };
}

/** b − a [pairs, channels]. */
function differences({ data, shape: [pairs, , channels] }: ChannelMeans): Matrix {
  const result = new Float64Array(pairs * channels);
  for (let pair = 0; pair < pairs; pair += 1)
    for (let channel = 0; channel < channels; channel += 1)
      result[pair * channels + channel] =
        valueAt(data, (2 * pair + 1) * channels + channel) - valueAt(data, 2 * pair * channels + channel);
  return { data: result, shape: [pairs, channels] };
}

function varies({ data }: GramMatrices): boolean {
  return data.some((value) => value !== 0);
}
