import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { UsageError } from "../probe-error.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { type Ablation, ABLATION_FILE } from "./ablation.ts";
import { formatAblationMarkdown } from "@measure-plantain/report";

/**
 * The ablation that a run folder holds; `null` where there is none.
 *
 * @throws UsageError where the file is not what this program writes.
 */
export async function readAblation(folder: RunFolder): Promise<Ablation | null> {
  const path = folder.file(ABLATION_FILE);
  if (!existsSync(path)) return null;
  let ablation: Partial<Ablation>;
  try {
    ablation = JSON.parse(await readFile(path, "utf8")) as Partial<Ablation>; // written by this program; its version is checked below
  } catch (cause) {
    throw new UsageError(`${path} is not valid JSON. Remove it, or run \`measure-plantain ablate\` again.`, {
      cause,
    });
  }
  if (ablation.schemaVersion !== 1) {
    throw new UsageError(
      `${path} has the schema version ${String(ablation.schemaVersion)}; this program reads version 1. Use the release that wrote it.`,
    );
  }
  return ablation as Ablation; // of version 1, whose form is fixed
}

/** What an ablation adds to `summary.md`; nothing where there is none. */
export function ablationMarkdown(ablation: Ablation | null): string[] {
  return ablation === null ? [] : [formatAblationMarkdown(ablation)];
}
