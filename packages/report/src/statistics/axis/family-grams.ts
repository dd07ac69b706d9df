import { addGrams, type GramMatrices, gramMatrices, type Matrix } from "@measure-plantain/paired-stats";
import type { ChannelSets, SetFamily } from "@measure-plantain/probe";

/** A family and the Gram matrices of its sets. */
export interface FamilyGrams extends SetFamily {
  /** [sets, rows, rows]. */
  readonly grams: GramMatrices;
}

/**
 * The Gram matrices of the sets, family by family; families of which no row varies are left out.
 *
 * @param measurements - [rows, columns].
 * @param channelsPerColumn - How many channels each column stands for.
 * @param objects - Centres the rows of so many objects, each object by itself.
 */
export function gramsOfFamilies(
  measurements: Matrix,
  { ranges, families }: ChannelSets,
  channelsPerColumn: number,
  objects?: number,
): FamilyGrams[] {
  const inColumns = ranges.map(({ start, stop }) => ({
    start: start / channelsPerColumn,
    stop: stop / channelsPerColumn,
  }));
  const parts = gramMatrices(measurements, inColumns, objects === undefined ? {} : { objects });
  return families
    .map((family) => ({ ...family, grams: addGrams(parts, family.unions) }))
    .filter(({ grams }) => grams.data.some((value) => value !== 0));
}
