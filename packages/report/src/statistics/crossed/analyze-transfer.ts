import {
  consistencyNull,
  type ConsistencyNull,
  type Matrix,
  transferNull,
  type TransferNull,
} from "@measure-plantain/paired-stats";
import type { CrossedCells } from "@measure-plantain/prompts";
import type { Captures, ChannelMeans, MeanSquares } from "@measure-plantain/probe";
import { valueAt } from "../../reading.ts";
import { listChannelSets, type SetFamily, wholeSet } from "@measure-plantain/probe";
import { type FamilyGrams, gramsOfFamilies } from "../axis/family-grams.ts";
import { divideProgress } from "../divide-progress.ts";
import type { FlipOptions } from "../flip-options.ts";
import { arrangeCells } from "./arrange-cells.ts";

/**
 * What is measured of each channel or group: `strength`, the root mean square of a group, as a share of its mean over all cells;
 * `signed`, the mean over tokens of each channel; `embedding`, the mean over tokens of the prompt's embedding, which is what the
 * transformer is given.
 */
export type ResponseKind = "strength" | "signed" | "embedding";

/** Whether the direction found on all rows but one orders the levels of that one, for one kind of response. */
export interface TransferResult {
  /** What was measured. */
  readonly kind: ResponseKind;
  /** Everything first; of the embedding, that alone. */
  readonly families: readonly TransferFamily[];
}

/** The same for each set of one kind. */
export interface TransferFamily extends SetFamily {
  /** Against orders of the levels that each row has for itself: do the rows share a direction that follows the grade? */
  readonly withinRows: TransferNull;
  /** Against orders that all rows share: is the grades' order special? `null` for two levels, which have one. */
  readonly commonOrders: TransferNull | null;
  /** Whether the levels do the same to all rows, in whatever order. */
  readonly consistency: ConsistencyNull;
}

/** Random orders of the levels, for each null. */
const PERMUTATIONS = 1_000;
/** Up to so many levels all common orders are taken. */
const MOST_LEVELS_EXACT = 7;

/** Computes the transfer of every kind of response that was captured; what does not vary is left out. */
export async function analyzeTransfer(
  captures: Captures,
  cells: CrossedCells,
  { seed, signal, onProgress }: Omit<FlipOptions, "flips">,
): Promise<TransferResult[]> {
  const responses = listResponses(captures, cells);
  const shares = divideProgress(
    onProgress,
    responses.flatMap(({ families }) => families.map(({ addresses }) => addresses.length)),
  ).values();
  const results: TransferResult[] = [];
  for (const { kind, families } of responses) {
    const tested: TransferFamily[] = [];
    for (const family of families)
      tested.push(await testFamily(family, cells, { seed, signal, onProgress: shares.next().value }));
    if (tested.length > 0) results.push({ kind, families: tested });
  }
  return results;
}

async function testFamily(
  { grams, ...family }: FamilyGrams,
  { rows, grades }: CrossedCells,
  { onProgress, ...common }: Omit<FlipOptions, "flips">,
): Promise<TransferFamily> {
  const options = { objects: rows.length, permutations: PERMUTATIONS, ...common };
  const isExact = grades.length <= MOST_LEVELS_EXACT;
  return {
    ...family,
    withinRows: await transferNull(grams, { ...options, grades, onProgress }),
    commonOrders:
      grades.length > 2
        ? await transferNull(grams, { ...options, grades, shuffle: "common", exact: isExact })
        : null,
    consistency: await consistencyNull(grams, options),
  };
}

interface Response {
  readonly kind: ResponseKind;
  /** Centred within rows. */
  readonly families: readonly FamilyGrams[];
}

function listResponses(
  { layout, meanSquare, signed, embeddings }: Captures,
  cells: CrossedCells,
): Response[] {
  const objects = cells.rows.length;
  const sets = listChannelSets(layout);
  return [
    {
      kind: "strength",
      families: gramsOfFamilies(relativeStrengths(meanSquare, cells), sets, layout.groupSize, objects),
    },
    ...(signed === undefined
      ? []
      : [{ kind: "signed" as const, families: gramsOfFamilies(cellsOf(signed, cells), sets, 1, objects) }]),
    ...(embeddings === undefined
      ? []
      : [
          {
            kind: "embedding" as const,
            families: gramsOfFamilies(
              cellsOf(embeddings.mean, cells),
              wholeSet(embeddings.mean.shape[2]),
              1,
              objects,
            ),
          },
        ]),
  ];
}

/** Measurements [pairs, 2, columns] as those of the cells. */
function cellsOf({ data, shape: [, , columns] }: ChannelMeans, cells: CrossedCells): Matrix {
  return arrangeCells(cells, columns, (pair, condition, column) =>
    valueAt(data, (2 * pair + condition) * columns + column),
  );
}

/** The root mean square of each group as a share of its mean over the cells: else the loudest groups would decide. */
function relativeStrengths({ data, shape: [, , units] }: MeanSquares, cells: CrossedCells): Matrix {
  const strengths = arrangeCells(cells, units, (pair, condition, unit) =>
    Math.sqrt(valueAt(data, (2 * pair + condition) * units + unit)),
  );
  const means = new Float64Array(units);
  const [rows] = strengths.shape;
  for (const [place, value] of strengths.data.entries())
    means[place % units] = valueAt(means, place % units) + value / rows;
  const scaled = strengths.data.map((value, place) => {
    const mean = valueAt(means, place % units);
    return mean > 0 ? value / mean : 0;
  });
  return { data: scaled, shape: strengths.shape };
}
