import { writeFileWhole } from "@measure-plantain/flux-runtime";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import type { z } from "zod";
import { ProbeError } from "../probe-error.ts";
import { sha256 } from "../sha256.ts";
import type { PlanFile, StoredPlan } from "./plan-file.ts";
import { planFileSchema } from "./plan-file-schema.ts";

/** Bytes of a plan file: room for thousands of controls and criteria. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Reads a plan file.
 *
 * @throws {ProbeError} `invalid-file` for the first thing that is wrong: where it is, what was expected, what to do.
 * @example
 * const { plan, sha256 } = await readPlanFile("plan.json");
 */
export async function readPlanFile(path: string): Promise<StoredPlan> {
  const text = await readText(path);
  const refuse = (what: string, cause: unknown): ProbeError =>
    new ProbeError(
      "invalid-file",
      `The plan ${path} is not one that this release reads: ${what}. Use the file as it was written, or write another plan.`,
      { cause },
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse(`it is not valid JSON (${messageOf(cause)})`, cause);
  }
  const { data: plan, error } = planFileSchema.safeParse(json);
  if (error !== undefined) throw refuse(explainPlanProblem(error), error);
  return { plan, text, sha256: sha256(text) };
}

/**
 * Writes a plan file, whole or not at all.
 *
 * @throws {ProbeError} `existing-plan` if there is a file: a plan is not changed once it is written.
 */
export async function writePlanFile(path: string, plan: PlanFile): Promise<StoredPlan> {
  if (existsSync(path)) {
    throw new ProbeError(
      "existing-plan",
      `${path} exists, and a plan is not changed once it is written. Give another file with the option \`out\`, or remove this one.`,
      { option: "out" },
    );
  }
  const text = `${JSON.stringify(plan, null, 2)}\n`;
  await writeFileWhole(path, text);
  return { plan, text, sha256: sha256(text) };
}

/** Where a plan is not as it should be, and how. */
export function explainPlanProblem({ issues: [issue] }: z.ZodError): string {
  const path = issue?.path.join(".") ?? "";
  return `${path === "" ? "the document" : path}: ${issue?.message ?? "unknown"}`;
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MAX_FILE_BYTES)
        throw new Error(`it has ${size} bytes; a plan has ${MAX_FILE_BYTES} at most`);
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new ProbeError(
      "invalid-file",
      `The plan ${path} cannot be read (${messageOf(cause)}). Correct the path, or write a plan first.`,
      { cause },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
