import { PairedStatsError } from "../paired-stats-error.ts";
import { valueAt } from "../reading.ts";
import { checkGrams, checkRepresentable, type GramMatrices } from "./grams.ts";

/**
 * The Gram matrices of unions of sets that share no channel: their sums. A union of one set is that set, so that
 * `[[0], [1], [0, 1]]` gives two heads and both together.
 *
 * @param grams - `[sets, rows, rows]`.
 * @param unions - the sets that make up each, counted from 0.
 * @returns `[unions, rows, rows]`.
 * @throws {@link PairedStatsError} `invalid-argument` for a union without sets, with one twice, or with one that there is not.
 */
export function addGrams(grams: GramMatrices, unions: readonly (readonly number[])[]): GramMatrices {
  checkGrams(grams);
  const [sets, rows] = grams.shape;
  const size = rows * rows;
  const isSet = (set: number): boolean => Number.isSafeInteger(set) && set >= 0 && set < sets;
  if (unions.length === 0)
    throw new PairedStatsError("invalid-argument", "unions: expected one union or more, got none", {});
  const data = new Float64Array(unions.length * size);
  for (const [union, members] of unions.entries()) {
    const wrong = members.find((set, at) => !isSet(set) || members.indexOf(set) < at);
    if (wrong !== undefined || members.length === 0)
      throw new PairedStatsError(
        "invalid-argument",
        `unions: expected different sets from 0 to ${sets - 1} in union ${union}, got ${members.join(", ") || "none"}`,
        { union },
      );
    for (const set of members)
      for (let at = 0; at < size; at += 1)
        data[union * size + at] = valueAt(data, union * size + at) + valueAt(grams.data, set * size + at);
  }
  checkRepresentable(data);
  return { data, shape: [unions.length, rows, rows] };
}
