import { UsageError } from "../probe-error.ts";
import type { Manifest } from "./manifest.ts";
import type { RunFolder } from "./run-folder.ts";

/** The hex SHA-256 of captures that are not the ones that the run wrote. */
export interface ChangedCaptures {
  /** What the manifest says; `null` if it says nothing. */
  readonly expected: string | null;
  readonly found: string;
}

/** The captures of a run folder are not the ones that the run wrote, and nobody accepted them. */
export class ChangedCapturesError extends UsageError {
  override readonly name = "ChangedCapturesError";
  readonly code = "changed-captures";
  readonly path: string;
  readonly captures: ChangedCaptures;

  constructor(path: string, captures: ChangedCaptures) {
    super(
      `${path} is not what the run wrote: its SHA-256 is ${captures.found}, but the manifest says ` +
        `${captures.expected ?? "nothing"}. Restore the file, or run again into another folder.`,
    );
    this.path = path;
    this.captures = captures;
  }
}

/** Compares the captures of a complete run with the hash in its manifest; `null` if they are the run's own. */
export async function findChangedCaptures(
  folder: RunFolder,
  { capturesSha256: expected }: Pick<Manifest, "capturesSha256">,
): Promise<ChangedCaptures | null> {
  const found = await folder.sha256("captures.safetensors");
  return found === expected ? null : { expected, found };
}
