import type { Ablation } from "../causal/ablation.ts";
import { readAblation } from "../causal/ablation-file.ts";
import { listReplicates } from "../probe/replicates.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { analyzeCaptures, type Analysis } from "./analyze-captures.ts";
import { readGrades } from "./grade-results.ts";
import { readCaptures } from "./read-captures.ts";
import type { SummaryContext } from "./summary.ts";

/** A run folder that was read, and its statistics. */
export interface FolderResults {
  readonly manifest: Manifest;
  /** What the ablation of the run's units did; `null` where it was not tried. */
  readonly ablation: Ablation | null;
  readonly analysis: Analysis;
  readonly context: SummaryContext;
}

/**
 * Reads a run folder and computes its statistics from the captures.
 *
 * @throws UsageError as `readCaptures` does.
 */
export async function analyzeFolder(
  folder: RunFolder,
  flips: number | "exact",
  signal: AbortSignal,
): Promise<FolderResults> {
  const manifest = await folder.readManifest();
  const { settings, promptSet, audit, wordCounts, execution } = manifest;
  const captures = await readCaptures(folder, manifest);
  return {
    manifest,
    ablation: await readAblation(folder),
    analysis: await analyzeCaptures(captures, { flips, grades: readGrades(promptSet), signal }),
    context: {
      checkpoint: { id: settings.checkpoint.id, isSynthesized: manifest.isSynthesizedCheckpoint },
      promptSet,
      audit,
      ...(wordCounts && { wordCounts }),
      device: execution.device,
      replicates: listReplicates(settings),
    },
  };
}
