import {
  consistencyNull,
  type ConsistencyNull,
  type GramMatrices,
  type Matrix,
  transferNull,
  type TransferNull,
} from "@measure-plantain/paired-stats";
import type { CrossedCells } from "@measure-plantain/prompts";
import type { Captures, MeanSquares } from "@measure-plantain/probe";
import { valueAt } from "../../reading.ts";
import { gramsOfSets, listChannelSets, type ChannelSet } from "../axis/channel-sets.ts";
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
  readonly kind: ResponseKind;
  /** What is taken together as one vector. */
  readonly sets: readonly ChannelSet[];
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

/** Computes the transfer of every kind of response that was captured; a kind that does not vary is left out. */
export async function analyzeTransfer(
  captures: Captures,
  cells: CrossedCells,
  { seed, signal, onProgress }: Omit<FlipOptions, "flips">,
): Promise<TransferResult[]> {
  const objects = cells.rows.length;
  const responses = listResponses(captures, cells, objects);
  const shares = divideProgress(
    onProgress,
    responses.map(({ sets }) => sets.length),
  );
  const results: TransferResult[] = [];
  for (const [place, { kind, sets, grams }] of responses.entries()) {
    const options = { objects, permutations: PERMUTATIONS, seed, signal };
    const design = { ...options, grades: cells.grades };
    const hasOrders = cells.grades.length > 2;
    if (!varies(grams)) continue;
    results.push({
      kind,
      sets,
      withinRows: await transferNull(grams, { ...design, onProgress: shares[place] }),
      commonOrders: hasOrders
        ? await transferNull(grams, {
            ...design,
            shuffle: "common",
            exact: cells.grades.length <= MOST_LEVELS_EXACT,
          })
        : null,
      consistency: await consistencyNull(grams, options),
    });
  }
  return results;
}

interface Response {
  readonly kind: ResponseKind;
  readonly sets: readonly ChannelSet[];
  /** Centred within rows. */
  readonly grams: GramMatrices;
}

function listResponses(captures: Captures, cells: CrossedCells, objects: number): Response[] {
  const { layout, meanSquare, signed, embeddings } = captures;
  const channels = listChannelSets(layout);
  const ofSets = (kind: ResponseKind, measurements: Matrix, channelsPerColumn: number): Response => ({
    kind,
    sets: channels.sets,
    grams: gramsOfSets(measurements, channels, channelsPerColumn, objects),
  });
  return [
    ofSets("strength", relativeStrengths(meanSquare, cells), layout.groupSize),
    ...(signed === undefined ? [] : [ofSets("signed", cellsOf(signed, cells), 1)]),
    ...(embeddings === undefined ? [] : [embeddingResponse(cellsOf(embeddings.mean, cells), objects)]),
  ];
}

function embeddingResponse(measurements: Matrix, objects: number): Response {
  const range = { start: 0, stop: measurements.shape[1] };
  const sets = [{ address: "all", kind: "all" }] as const;
  return {
    kind: "embedding",
    sets,
    grams: gramsOfSets(measurements, { sets, ranges: [range], unions: [[0]] }, 1, objects),
  };
}

/** Measurements [pairs, 2, columns] as those of the cells. */
function cellsOf({ data, shape: [, , columns] }: MeanSquares, cells: CrossedCells): Matrix {
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

/** Whether any set has rows that differ. */
function varies({ data }: GramMatrices): boolean {
  return data.some((value) => value !== 0);
}
