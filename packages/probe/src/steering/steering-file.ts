import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { explainPlanProblem } from "../plan-file/read-plan-file.ts";
import { ProbeError } from "../probe-error.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { type Steering, STEERING_FILE } from "./steering.ts";
import { steeringSchema } from "./steering-schema.ts";

/**
 * The steering that a run folder holds; `null` if there is none.
 *
 * @throws {ProbeError} `damaged-run-folder` if the file is not what this program writes.
 */
export async function readSteering(folder: RunFolder): Promise<Steering | null> {
  const path = folder.file(STEERING_FILE);
  if (!existsSync(path)) return null;
  const refuse = (what: string, cause: unknown): ProbeError =>
    new ProbeError(
      "damaged-run-folder",
      `${path} is not one that this program writes: ${what}. Remove the folder steering, and steer again.`,
      { cause },
    );
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw refuse("it is not valid JSON", cause);
  }
  const { data: steering, error } = steeringSchema.safeParse(json);
  if (steering === undefined) throw refuse(explainPlanProblem(error), error);
  return steering;
}
