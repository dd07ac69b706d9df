import { openCheckpoint } from "../checkpoint/open-checkpoint.ts";
import { FluxRuntimeError } from "../errors.ts";
import { locateCheckpoint } from "../hub/locate-checkpoint.ts";
import { getCheckpointSpec, type CheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { sizesOfCheckpoint, sizesOfSpec, type ModelSizes } from "./model-sizes.ts";

/** Whether a run has its weights, or how it gets them. */
export interface CheckpointRecord {
  /** The name that was given. */
  readonly which: string;
  /** Whether it is there, can be had, or cannot. */
  readonly state: "found" | "made-on-first-use" | "downloaded-on-first-use" | "missing" | "broken";
  /** Where it is, or will be. */
  readonly folder: string;
  /** What is wrong and what to do; null if nothing is. */
  readonly problem: string | null;
  /** Bytes that must still be written. */
  readonly bytesToCome: number;
}

/** The sizes that are assumed of a repository that has not been seen yet, by its name: those of a published checkpoint. */
function guessSpec(name: string): CheckpointSpec {
  const size = /9b/i.test(name) ? "klein-9b" : "klein-4b";
  const isDistilled = /klein/i.test(name) && !/base/i.test(name);
  return getCheckpointSpec(isDistilled ? `${size}-distilled` : size);
}

/** Looks for a checkpoint, makes and downloads nothing, and counts its sizes. */
export async function lookForCheckpoint(
  which: string,
  { offline }: { readonly offline: boolean },
): Promise<{ readonly record: CheckpointRecord; readonly sizes: ModelSizes }> {
  const place = await locateCheckpoint(which, { offline });
  const spec = place.kind === "synthesized" ? getCheckpointSpec(place.specName) : guessSpec(which);
  const sizes = sizesOfSpec(spec);
  const base = { which, folder: place.folder, bytesToCome: 0 };
  if (place.exists) {
    try {
      const found = sizesOfCheckpoint(await openCheckpoint(place.folder));
      return { record: { ...base, state: "found", problem: null }, sizes: found };
    } catch (error) {
      if (!(error instanceof FluxRuntimeError)) throw error;
      return { record: { ...base, state: "broken", problem: error.message }, sizes };
    }
  }
  const bytesToCome = sizes.storedBytes;
  if (place.kind === "synthesized") {
    return { record: { ...base, state: "made-on-first-use", problem: null, bytesToCome }, sizes };
  }
  if (place.kind === "repository" && place.problem === null) {
    return { record: { ...base, state: "downloaded-on-first-use", problem: null, bytesToCome }, sizes };
  }
  return { record: { ...base, state: "missing", problem: place.problem }, sizes };
}
