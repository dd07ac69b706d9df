import { readFile } from "node:fs/promises";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";

/** The key under which diffusers writes PEFT's configuration into the header of a safetensors file. */
const METADATA_KEY = "lora_adapter_metadata";

/** Such an adapter is added to what is left of the weights after a part of them was put into it. */
const CHANGES_WEIGHTS = "an adapter that was initialised from the weights is not read";

const positive = z.number().positive();

/** What of PEFT's `LoraConfig` decides how an adapter computes. */
export interface AdapterConfig {
  /** The rank of its matrices. */
  readonly r: number;
  readonly lora_alpha: number;
  /** Whether the product is divided by √r. */
  readonly use_rslora?: boolean | null | undefined;
  /** Other ranks, by the names of modules or their ends. */
  readonly rank_pattern?: Readonly<Record<string, number>> | null | undefined;
  /** Other alphas, likewise. */
  readonly alpha_pattern?: Readonly<Record<string, number>> | null | undefined;
}

const adapterConfigSchema: z.ZodType<AdapterConfig> = z.object({
  peft_type: z.literal("LORA").nullish(),
  r: positive.int(),
  lora_alpha: z.number(),
  use_rslora: z.boolean().nullish(),
  rank_pattern: z.record(z.string(), positive.int()).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  use_dora: z.literal(false, { error: "DoRA is not read" }).nullish(),
  fan_in_fan_out: z.literal(false, { error: "transposed weights are not read" }).nullish(),
  lora_bias: z.literal(false, { error: "an adapter with biases is not read" }).nullish(),
  bias: z.literal("none", { error: "an adapter with biases is not read" }).nullish(),
  modules_to_save: z.array(z.string()).max(0, { error: "whole layers of an adapter are not read" }).nullish(),
  init_lora_weights: z
    .union([
      z.boolean(),
      z.string().regex(/^(?!pissa|olora|corda|loftq|lora_ga)/i, { error: CHANGES_WEIGHTS }),
    ])
    .nullish(),
});

/** Reads `adapter_config.json`. @throws {FluxRuntimeError} `unreadable-file`; `invalid-config`. */
export async function readAdapterConfig(path: string): Promise<AdapterConfig> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new FluxRuntimeError(
      "unreadable-file",
      `The configuration ${path} of an adapter cannot be read. Check its permissions.`,
      { path },
      { cause },
    );
  });
  return parseConfig(text, path, (json) => json);
}

/**
 * The configuration that diffusers writes into the header, where the transformer's settings have `transformer.` before their
 * names; none where the header has none.
 *
 * Source: diffusers `_save_lora_weights` (loaders/lora_base.py), `load_lora_adapter` (loaders/peft.py).
 * @throws {FluxRuntimeError} `invalid-config`.
 */
export function findConfigInHeader(
  metadata: Readonly<Record<string, string>>,
  file: string,
): AdapterConfig | undefined {
  const text = metadata[METADATA_KEY];
  if (text === undefined) return undefined;
  return parseConfig(text, `${METADATA_KEY} of ${file}`, (json) => {
    const prefix = "transformer.";
    const own = Object.entries(z.record(z.string(), z.unknown()).parse(json));
    const prefixed = own.filter(([key]) => key.startsWith(prefix));
    if (prefixed.length === 0) return json;
    return Object.fromEntries(prefixed.map(([key, value]) => [key.slice(prefix.length), value]));
  });
}

function parseConfig(text: string, place: string, select: (json: unknown) => unknown): AdapterConfig {
  try {
    return adapterConfigSchema.parse(select(JSON.parse(text)));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new FluxRuntimeError(
      "invalid-config",
      `${place} is not the configuration of a LoRA that can be read: expected what PEFT writes, received ${reason}. Merge the adapter into its base model, or save it as a plain LoRA.`,
      { place },
      { cause },
    );
  }
}

/**
 * What PEFT multiplies the product of an adapter's matrices by: alpha / r, or alpha / √r for a rank-stabilised adapter.
 *
 * @param module - The path of the layer.
 * @param rank - What its matrices have.
 * @throws {FluxRuntimeError} `inconsistent-weights` where the configuration has another rank for the module; `invalid-config` for
 * a pattern that is not the end of a name.
 */
export function scalingOf(config: AdapterConfig, module: string, rank: number): number {
  const r = valueFor(config.rank_pattern, module) ?? config.r;
  if (r !== rank) {
    throw new FluxRuntimeError(
      "inconsistent-weights",
      `The adapter's configuration gives ${module} the rank ${r}, but its matrices have ${rank}. Use the configuration that was saved with this file.`,
      { module, expected: r, received: rank },
    );
  }
  const alpha = valueFor(config.alpha_pattern, module) ?? config.lora_alpha;
  return alpha / (config.use_rslora === true ? Math.sqrt(r) : r);
}

/**
 * The value of the first pattern that names a module, whole or by its end.
 *
 * Source: PEFT `get_pattern_key`, whose patterns are regular expressions; plain names are all that PEFT and diffusers write.
 */
function valueFor(
  patterns: Readonly<Record<string, number>> | null | undefined,
  module: string,
): number | undefined {
  for (const [pattern, value] of Object.entries(patterns ?? {})) {
    const name = pattern.replaceAll("\\.", ".").replace(/^\^/, "").replace(/\$$/, "");
    if (!/^[\w.-]+$/.test(name)) {
      throw new FluxRuntimeError(
        "invalid-config",
        `The adapter's configuration names modules by the pattern "${pattern}", which is not a name or the end of one. Write the names of the modules out.`,
        { pattern },
      );
    }
    if (name === module || (!pattern.startsWith("^") && module.endsWith(`.${name}`))) return value;
  }
  return undefined;
}
