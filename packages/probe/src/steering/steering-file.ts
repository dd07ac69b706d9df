import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ProbeError } from "../probe-error.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { type Steering, STEERING_FILE } from "./steering.ts";

/**
 * The steering that a run folder holds; `null` if there is none.
 *
 * @throws {ProbeError} `damaged-run-folder` if the file is not what this program writes.
 */
export async function readSteering(folder: RunFolder): Promise<Steering | null> {
  const path = folder.file(STEERING_FILE);
  if (!existsSync(path)) return null;
  const advice = "Remove the folder steering, and steer again.";
  let steering: Partial<Steering>;
  try {
    steering = (JSON.parse(await readFile(path, "utf8")) ?? {}) as Partial<Steering>; // written by this program; its version is checked below
  } catch (cause) {
    throw new ProbeError("damaged-run-folder", `${path} is not valid JSON. ${advice}`, { cause });
  }
  if (steering.schemaVersion !== 1) {
    throw new ProbeError(
      "damaged-run-folder",
      `${path} has the schema version ${String(steering.schemaVersion)}; this program reads version 1. ${advice}`,
    );
  }
  return steering as Steering; // of version 1, whose form is fixed
}
