import type { PromptSet } from "./prompt-set.ts";
import { PromptsError } from "./prompts-error.ts";
import { MAX_FILE_BYTES } from "./validate/limits.ts";
import { parseCsv } from "./validate/parse-csv.ts";
import { parseJson } from "./validate/parse-json.ts";
import { parseYaml } from "./validate/parse-yaml.ts";
import { validatePromptSet } from "./validate/validate-prompt-set.ts";

/** How the text of a prompt set is written. */
export type PromptSetFormat = "json" | "yaml" | "csv";

const parsers = { json: parseJson, yaml: parseYaml, csv: parseCsv };

/**
 * Reads a prompt set from text in JSON, YAML or CSV; image paths stay as written.
 *
 * @param text - the set; a byte order mark is ignored.
 * @param options - `source` names the text in error messages; `format` is JSON unless it says otherwise.
 * @throws {PromptsError} naming each problem with line, column and JSON path.
 * @example
 * const set = parsePromptSet(await response.text(), { source: "ants.json" });
 */
export function parsePromptSet(
  text: string,
  {
    source = "prompt set",
    format = "json",
  }: { readonly source?: string; readonly format?: PromptSetFormat } = {},
): PromptSet {
  // A character is at least one byte, so this refuses nothing that the limit on bytes would let pass.
  if (text.length > MAX_FILE_BYTES) throw tooLargeError(source, `${text.length} characters`);
  const { value, locate } = parsers[format](text.replace(/^\uFEFF/, ""), { source });
  return validatePromptSet(value, { source, locate });
}

/** The error for a text or file beyond {@link MAX_FILE_BYTES}. */
export function tooLargeError(source: string, received: string): PromptsError {
  return new PromptsError(
    [
      {
        code: "too-large",
        path: "",
        what: "the prompt set is too large to be read",
        expected: `at most ${MAX_FILE_BYTES} bytes`,
        received,
        advice: "Split it into several sets.",
      },
    ],
    { source },
  );
}
