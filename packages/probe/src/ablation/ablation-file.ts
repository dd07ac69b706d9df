import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ProbeError } from "../probe-error.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { type Ablation, ABLATION_FILE } from "./ablation.ts";

/**
 * The ablation that a run folder holds; `null` if there is none.
 *
 * @throws {ProbeError} if the file is not what this program writes.
 */
export async function readAblation(folder: RunFolder): Promise<Ablation | null> {
  const path = folder.file(ABLATION_FILE);
  if (!existsSync(path)) return null;
  let ablation: Partial<Ablation>;
  try {
    ablation = JSON.parse(await readFile(path, "utf8")) as Partial<Ablation>; // written by this program; its version is checked below
  } catch (cause) {
    throw new ProbeError("damaged-run-folder", `${path} is not valid JSON. Remove it, and ablate again.`, {
      cause,
    });
  }
  if (ablation.schemaVersion !== 2) {
    throw new ProbeError(
      "damaged-run-folder",
      `${path} has the schema version ${String(ablation.schemaVersion)}; this program reads version 2. Use the release that wrote it, or remove the file and ablate again.`,
    );
  }
  return ablation as Ablation; // of version 2, whose form is fixed
}
