import type { Checkpoint } from "@measure-plantain/flux-runtime";
import { ProbeError } from "../probe-error.ts";
import type { ProbedCheckpoint } from "../settings/probed-checkpoint.ts";
import type { Control } from "./parse-controls.ts";

/** The same checkpoint without its adapters. */
export function baseCheckpoint({
  id,
  source,
  checkpoint,
  isSynthesized,
}: ProbedCheckpoint): ProbedCheckpoint {
  return {
    id: `${id} (without adapters)`,
    ...(source && { source }),
    change: { kind: "base", seed: 0, of: id },
    checkpoint: { ...checkpoint, loras: [] },
    isSynthesized,
  };
}

/** Refuses to compare a checkpoint without adapters with itself. @throws {ProbeError} `invalid-option`. */
export function requireAdapters({ loras }: Checkpoint, controls: readonly Control[]): void {
  if (loras.length > 0 || controls.every(({ kind }) => kind !== "base")) return;
  throw new ProbeError(
    "invalid-option",
    "The control base is the checkpoint without its adapters, but the run has none. Give an adapter with the option `loras`, or leave out the control.",
    { option: "controls" },
  );
}
