import { readFile, stat } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { parsePromptSet, tooLargeError, type PromptSetFormat } from "./parse-prompt-set.ts";
import type { PromptSet, PromptSide } from "./prompt-set.ts";
import { PromptsError } from "./prompts-error.ts";
import { MAX_FILE_BYTES } from "./validate/limits.ts";

/**
 * Reads a prompt set from a file; the image paths of its sides come back absolute, resolved from the file's folder.
 *
 * `.yaml` and `.yml` are YAML, `.csv` is CSV, everything else is JSON.
 *
 * The images themselves are not opened.
 *
 * @throws {PromptsError} `unreadable-file` or `too-large`, and everything that {@link parsePromptSet} throws.
 * @example
 * const set = await readPromptSet("prompts/ants.json");
 */
export async function readPromptSet(path: string): Promise<PromptSet> {
  const set = parsePromptSet(await readText(path), { source: path, format: formatOf(path) });
  const folder = dirname(resolve(path));
  return {
    ...set,
    pairs: set.pairs.map((pair) => ({
      ...pair,
      a: resolveImages(pair.a, folder),
      b: resolveImages(pair.b, folder),
    })),
  };
}

function formatOf(path: string): PromptSetFormat {
  const extension = extname(path).toLowerCase();
  if (extension === ".yaml" || extension === ".yml") return "yaml";
  return extension === ".csv" ? "csv" : "json";
}

function resolveImages(side: PromptSide, folder: string): PromptSide {
  if (typeof side === "string" || side.images === undefined) return side;
  return { ...side, images: side.images.map((image) => resolve(folder, image)) };
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    // Before it is opened: opening a pipe would wait for a writer.
    const stats = await stat(path);
    if (!stats.isFile()) throw unreadableError(path, stats.isDirectory() ? "a folder" : "no regular file");
    if (stats.size > MAX_FILE_BYTES) throw tooLargeError(path, `${stats.size} bytes`);
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof PromptsError) throw cause;
    throw unreadableError(path, describeCause(cause), cause);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadableError(path, "bytes that are not UTF-8", cause);
  }
}

function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && cause.code === "ENOENT" ? "no such file" : cause.message;
}

function unreadableError(source: string, received: string, cause?: unknown): PromptsError {
  return new PromptsError(
    [
      {
        code: "unreadable-file",
        path: "",
        what: "the prompt set cannot be read",
        expected: "a JSON, YAML or CSV file in UTF-8",
        received,
        advice: "Check the path and the permissions.",
      },
    ],
    { source, cause },
  );
}
