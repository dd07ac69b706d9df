import { RunFolder } from "./run-folder/run-folder.ts";

/**
 * Opens a run folder to read it.
 *
 * @throws {ProbeError} `not-a-run-folder`; `damaged-run-folder` if its manifest is not one that this release reads.
 * @example
 * const run = await openRun("runs/otherview");
 * (await run.readManifest()).settings.width; // 256
 */
export async function openRun(path: string): Promise<RunFolder> {
  return RunFolder.openForReading(path);
}
