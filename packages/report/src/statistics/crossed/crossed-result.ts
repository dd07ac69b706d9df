import type { Captures, Granularity } from "@measure-plantain/probe";
import type { CrossedCells } from "@measure-plantain/prompts";
import { divideProgress } from "../divide-progress.ts";
import type { FlipOptions } from "../flip-options.ts";
import { analyzeCrossed, type CrossedGranularity } from "./analyze-crossed.ts";
import { analyzeTransfer, type TransferResult } from "./analyze-transfer.ts";

/** What a crossed set shows. */
export interface CrossedResult {
  /** Which side shows which cell. */
  readonly cells: CrossedCells;
  /** The root mean squares of the units of each granularity. */
  readonly granularities: readonly CrossedGranularity[];
  /** Directions found on all rows but one, for each kind of response that varies. */
  readonly transfers: readonly TransferResult[];
}

/** Computes everything that a crossed set shows. */
export async function analyzeCells(
  captures: Captures,
  granularities: readonly Granularity[],
  { cells, ...options }: FlipOptions & { readonly cells: CrossedCells },
): Promise<CrossedResult> {
  const shares = divideProgress(options.onProgress, [...granularities.map(() => 1), 5]);
  const results: CrossedGranularity[] = [];
  for (const [place, granularity] of granularities.entries())
    results.push(await analyzeCrossed(granularity, cells, { ...options, onProgress: shares[place] }));
  const transfers = await analyzeTransfer(captures, cells, { ...options, onProgress: shares.at(-1) });
  return { cells, granularities: results, transfers };
}
