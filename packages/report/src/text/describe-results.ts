import type { Ablation, Manifest, Steering } from "@measure-plantain/probe";
import type { Flips } from "../statistics/flips.ts";
import type { RunResults } from "../statistics/run-results.ts";
import { ablationMarkdown } from "./format-ablation.ts";
import { steeringMarkdown } from "./format-steering.ts";
import { plantMarkdown } from "./format-plant.ts";
import { listPlants } from "../summary/list-plants.ts";
import { formatSummaryMarkdown } from "./summary-markdown.ts";

/** What a run folder has in it, as far as it says how to make the folder again. */
export interface ReproducedRun<Run = Manifest> {
  /** Of the run. */
  readonly manifest: Run;
  /** The controls that are in the folder. */
  readonly controls: readonly { readonly name: string; readonly manifest: Run }[];
  /** The sign flips of its results. */
  readonly flips: Flips;
  /** What was ablated; `null` if nothing was. */
  readonly ablation: Pick<Ablation, "settings"> | null;
  /** What was steered; `null` if nothing was. */
  readonly steering: Pick<Steering, "settings"> | null;
}

/** Writes the commands that make a run folder again, one a line; `null` if no command made it. */
export type FormatCommands = (run: ReproducedRun) => string | null;

/** The text of `summary.md`. */
export function describeResults(results: RunResults, commands?: FormatCommands): string {
  const { manifest, summary, ablation, steering, controls } = results;
  const { capturesSha256, packages, node } = manifest;
  const reproduction = { command: commandsOf(results, commands), capturesSha256, packages, node };
  return [
    formatSummaryMarkdown(summary, reproduction),
    ...plantMarkdown(listPlants(controls)),
    ...ablationMarkdown(ablation),
    ...steeringMarkdown(steering),
  ].join("\n");
}

/** The commands that make the folder of these results again; `null` if none is known. */
export function commandsOf(
  { manifest, analysis, ablation, steering, controls }: RunResults,
  commands: FormatCommands | undefined,
): string | null {
  if (commands === undefined) return null;
  return commands({ manifest, controls, flips: analysis.flips, ablation, steering });
}
