import {
  type Ablation,
  readAblation,
  readSteering,
  type Steering,
  listReplicates,
  type Manifest,
  type OnProgress,
  type RunFolder,
  findChangedCaptures,
  readCaptures,
} from "@measure-plantain/probe";
import { listCells } from "@measure-plantain/prompts";
import { analyzeCaptures, type Analysis, type AnalysisOptions } from "./analyze-captures.ts";
import { DEFAULT_FLIPS, type Flips } from "./flips.ts";
import { type FixedImage, listFixedImages } from "./fixed-images.ts";
import { readGrades } from "./grade-results.ts";
import type { SummaryContext } from "../summary/summary-context.ts";

/** A run folder that was read, and its statistics. */
export interface FolderResults {
  /** What the run is. */
  readonly manifest: Manifest;
  /** The fixed images that conditioned the passes. */
  readonly images: readonly FixedImage[];
  /** What the ablation of the run's units did; `null` if it was not tried. */
  readonly ablation: Ablation | null;
  /** What was rendered with units of the run scaled; `null` if nothing was. */
  readonly steering: Steering | null;
  /** The statistics of the captures. */
  readonly analysis: Analysis;
  /** What the statistics do not know about the run, for its summary. */
  readonly context: SummaryContext;
}

/** How a run is analysed. */
export interface AnalyzeOptions {
  /** How many random sign flips make the null, or all of them; by default 200. */
  readonly flips?: Flips | undefined;
  /** Also analyses captures that are not the ones that the run wrote; the summary then says so. */
  readonly acceptChangedCaptures?: boolean | undefined;
  /** Ends the analysis; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the statistics are, in percent. */
  readonly onProgress?: OnProgress | undefined;
}

/** How one run folder of an analysis is analysed. */
export interface AnalyzeFolderOptions extends Omit<AnalyzeOptions, "onProgress"> {
  readonly onProgress?: AnalysisOptions["onProgress"];
}

/**
 * Reads a run folder and computes its statistics from the captures.
 *
 * @throws {ProbeError} as `readCaptures` does.
 */
export async function analyzeFolder(
  folder: RunFolder,
  { flips = DEFAULT_FLIPS, acceptChangedCaptures = false, signal, onProgress }: AnalyzeFolderOptions = {},
): Promise<FolderResults> {
  const manifest = await folder.readManifest();
  const { settings, promptSet, audit, wordCounts, cutRenderPrompts, execution } = manifest;
  const replicates = listReplicates(settings);
  const captures = await readCaptures(folder, manifest, { acceptChanged: acceptChangedCaptures });
  const changedCaptures = acceptChangedCaptures ? await findChangedCaptures(folder, manifest) : null;
  return {
    manifest,
    images: await listFixedImages(folder, manifest),
    ablation: await readAblation(folder),
    steering: await readSteering(folder),
    analysis: await analyzeCaptures(captures, {
      flips,
      grades: readGrades(promptSet),
      cells: listCells(promptSet),
      replicates,
      signal,
      onProgress,
    }),
    context: {
      checkpoint: { id: settings.checkpoint.id, isSynthesized: manifest.isSynthesizedCheckpoint },
      promptSet,
      audit,
      ...(wordCounts && { wordCounts }),
      ...(changedCaptures && { changedCaptures }),
      ...(cutRenderPrompts && { cutRenderPrompts }),
      device: execution.device,
      replicates,
    },
  };
}
