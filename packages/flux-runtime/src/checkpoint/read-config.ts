import { readFile } from "node:fs/promises";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";

export interface ReadConfigOptions {
  /** The class that the configuration must be of, where it names one. */
  readonly modelClass?: string;
}

/** diffusers writes `_class_name`, transformers `architectures`. */
const classSchema = z.object({
  _class_name: z.string().optional(),
  architectures: z.array(z.string()).optional(),
});

/**
 * Reads a JSON configuration and checks it against its schema.
 *
 * @throws {FluxRuntimeError} `unreadable-file` where there is no such file; `unsupported-config` where it belongs to a model
 * of another class; `unsupported-weights` if it says that the weights are quantised; `invalid-config` where it is no JSON, or a field is missing or of the wrong kind (each is named).
 */
export async function readConfig<Config>(
  path: string,
  schema: z.ZodType<Config>,
  { modelClass }: ReadConfigOptions = {},
): Promise<Config> {
  const json = await readJson(path);
  const named = classSchema.safeParse(json).data;
  const received = named?._class_name ?? named?.architectures?.[0];
  if (modelClass !== undefined && received !== undefined && received !== modelClass) {
    throw new FluxRuntimeError(
      "unsupported-config",
      `${path} is a ${received}; expected ${modelClass}. Use a FLUX.2 Klein checkpoint.`,
      { path, expected: modelClass, received },
    );
  }
  requireUnquantized(path, json);
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new FluxRuntimeError(
    "invalid-config",
    `The configuration ${path} is not as expected:\n${z.prettifyError(result.error)}\nUse the file that its authors published with these weights.`,
    { path, issues: result.error.issues },
  );
}

/** What transformers and diffusers, compressed-tensors and MLX call what they did to the weights. */
const quantizationSchema = z.object({
  quantization_config: z.record(z.string(), z.unknown()).nullish(),
  compression_config: z.record(z.string(), z.unknown()).nullish(),
  quantization: z.record(z.string(), z.unknown()).nullish(),
});

function requireUnquantized(path: string, json: unknown): void {
  const quantization = Object.entries(quantizationSchema.safeParse(json).data ?? {}).find(
    ([, value]) => Object.keys(value ?? {}).length > 0,
  );
  if (quantization === undefined) return;
  const [field, value] = quantization;
  const description = JSON.stringify(value);
  throw new FluxRuntimeError(
    "unsupported-weights",
    `${path} describes quantised weights: its ${field} is ${description.length > 200 ? `${description.slice(0, 200)}…` : description}. Read are unquantised weights (BF16, F16, F32) and fp8 (F8_E4M3, F8_E5M2) with one scale for each tensor or row. Use such weights; if these are of that kind all the same, remove the field.`,
    { path, field, quantization: value },
  );
}

/**
 * Reads a JSON file of a checkpoint.
 *
 * @throws {FluxRuntimeError} `unreadable-file` where there is no such file; `invalid-config` where it is no JSON.
 */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new FluxRuntimeError(
      "unreadable-file",
      `The configuration ${path} cannot be read. A checkpoint in the Hugging Face layout has it; fetch the checkpoint again, or correct the path.`,
      { path },
      { cause },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "invalid-config",
      `The configuration ${path} is not valid JSON (${reason}). Fetch the file again.`,
      { path },
      { cause },
    );
  }
}
