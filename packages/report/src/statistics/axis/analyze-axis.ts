import { type AxisNull, axisNull, type Matrix } from "@measure-plantain/paired-stats";
import type { Captures, ChannelMeans } from "@measure-plantain/probe";
import { valueAt } from "../../reading.ts";
import { divideProgress } from "../divide-progress.ts";
import type { FlipOptions } from "../flip-options.ts";
import { listChannelSets, type SetFamily, wholeSet } from "@measure-plantain/probe";
import { type FamilyGrams, gramsOfFamilies } from "./family-grams.ts";

/** Whether the differences of the pairs point in one direction, for one kind of response. */
export interface AxisResult {
  /** `signed`: the mean over tokens of each channel; `embedding`: that of the prompt's embedding, before the transformer. */
  readonly kind: "signed" | "embedding";
  /** Everything first; of the embedding, that alone. */
  readonly families: readonly (SetFamily & {
    /** Of each set, against sign flips of the pairs. */
    readonly axis: AxisNull;
  })[];
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
  const responses: readonly {
    readonly kind: AxisResult["kind"];
    readonly families: readonly FamilyGrams[];
  }[] = [
    { kind: "signed", families: gramsOfFamilies(differences(signed), listChannelSets(layout), 1) },
    ...(embeddings === undefined
      ? []
      : [
          {
            kind: "embedding" as const,
            families: gramsOfFamilies(differences(embeddings.mean), wholeSet(embeddings.mean.shape[2]), 1),
          },
        ]),
  ];
  const shares = divideProgress(
    onProgress,
    responses.flatMap(({ families }) => families.map(({ addresses }) => addresses.length)),
  ).values();
  const results: AxisResult[] = [];
  for (const { kind, families } of responses) {
    const tested: AxisResult["families"][number][] = [];
    for (const { grams, ...family } of families) {
      const axis = await axisNull(grams, {
        flips: flips === "exact" ? FLIPS_BESIDE_EXACT : flips,
        seed,
        signal,
        onProgress: shares.next().value,
      });
      tested.push({ ...family, axis });
    }
    if (tested.length > 0) results.push({ kind, families: tested });
  }
  return results;
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
