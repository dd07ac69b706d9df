import type { RunFolder } from "@measure-plantain/probe";
import type { ControlKind, Summary } from "../summary/summary.ts";
import type { FolderResults } from "./analyze-folder.ts";
import type { RunComparison } from "./compare-runs.ts";

/** A run with the controls that it has. */
export interface RunResults extends FolderResults {
  /** The results in brief, as `summary.json` has them. */
  readonly summary: Summary;
  /** The controls that are complete, by name. */
  readonly controls: readonly ControlResults[];
}

/** A control of a run: results of its own, and the run compared with it. */
export interface ControlResults extends RunResults {
  /** Of its folder, as `random-weights-1`. */
  readonly name: string;
  /** What sets it apart from the run. */
  readonly kind: ControlKind;
  /** A run folder of its own. */
  readonly folder: RunFolder;
  /** The run compared with this control; of a planted effect, it has what was found. */
  readonly comparison: RunComparison;
}
