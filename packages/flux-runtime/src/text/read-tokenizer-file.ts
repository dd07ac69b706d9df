import { z } from "zod";
import { readJson } from "../checkpoint/read-config.ts";
import { FluxRuntimeError } from "../errors.ts";

/**
 * Reads one JSON file of a tokenizer folder and checks it against its schema.
 *
 * @throws {FluxRuntimeError} `invalid-tokenizer` where a field is missing or of the wrong kind (each is named); and as
 * `readJson` does.
 */
export async function readTokenizerFile<Content>(path: string, schema: z.ZodType<Content>): Promise<Content> {
  const result = schema.safeParse(await readJson(path));
  if (result.success) return result.data;
  throw new FluxRuntimeError(
    "invalid-tokenizer",
    `The tokenizer file ${path} is not as expected:\n${z.prettifyError(result.error)}\nUse the tokenizer that was published with these weights.`,
    { path, issues: result.error.issues },
  );
}
