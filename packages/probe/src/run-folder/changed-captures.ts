import { ProbeError } from "../probe-error.ts";
import type { Manifest } from "./manifest.ts";
import type { RunFolder } from "./run-folder.ts";

/** The hex SHA-256 of captures that are not the ones that the run wrote. */
export interface ChangedCaptures {
  /** What the manifest says; `null` if it says nothing. */
  readonly expected: string | null;
  /** Of the file that is there. */
  readonly found: string;
}

/** Compares the captures of a complete run with the hash in its manifest; `null` if they are the run's own. */
export async function findChangedCaptures(
  folder: RunFolder,
  { capturesSha256: expected }: Pick<Manifest, "capturesSha256">,
): Promise<ChangedCaptures | null> {
  const found = await folder.sha256("captures.safetensors");
  return found === expected ? null : { expected, found };
}

/** @throws {ProbeError} `changed-captures` if the captures are not the ones that the run wrote. */
export async function requireOwnCaptures(folder: RunFolder, manifest: Manifest): Promise<void> {
  const changed = await findChangedCaptures(folder, manifest);
  if (changed === null) return;
  throw new ProbeError(
    "changed-captures",
    `${folder.file("captures.safetensors")} is not what the run wrote: its SHA-256 is ${changed.found}, but the manifest ` +
      `says ${changed.expected ?? "nothing"}. Restore the file, or run again into another folder.`,
  );
}
