import { FluxRuntimeError } from "../errors.ts";
import { isWeightDtype, WEIGHT_DTYPES } from "../graph/model-graph.ts";
import type { SafetensorsEntry } from "../checkpoint/safetensors-header.ts";
import { parseLoraKey, recognizeForeignKey, type LoraKey } from "./lora-keys.ts";

/** What an adapter file holds for one module. */
export interface LoraModule {
  /** [rank, in]. */
  readonly down: SafetensorsEntry;
  /** [out, rank]. */
  readonly up: SafetensorsEntry;
  /** One number. */
  readonly alpha?: SafetensorsEntry;
}

/**
 * Puts the tensors of an adapter file together by module.
 *
 * @throws {FluxRuntimeError} `unsupported-weights` for an adapter of a kind that is not read, which the message names;
 * `unexpected-tensor` for a tensor that is no part of an adapter; `missing-tensor` where one of two matrices is missing;
 * `inconsistent-weights` where a module comes twice; `shape-mismatch` where the matrices do not fit each other;
 * `unsupported-dtype`.
 */
export function groupLoraModules(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  file: string,
): ReadonlyMap<string, LoraModule> {
  refuseForeignKeys([...tensors.keys()], file);
  const modules = new Map<string, Partial<Record<LoraKey["part"], SafetensorsEntry>>>();
  for (const [name, entry] of tensors) {
    const key = parseLoraKey(name);
    if (key === undefined) throw notOfAdapter(name, file);
    const parts = modules.get(key.module) ?? {};
    if (parts[key.part] !== undefined) {
      throw new FluxRuntimeError(
        "inconsistent-weights",
        `${file} holds two adapters of ${key.module}: ${name} is the second tensor of its kind. Save each adapter in a file of its own, and give them all.`,
        { option: "loras", file, tensor: name },
      );
    }
    modules.set(key.module, { ...parts, [key.part]: entry });
  }
  return new Map(
    [...modules].map(([module, { down, up, alpha }]) => {
      if (down === undefined || up === undefined) {
        const missing = down === undefined ? "lora_A (lora_down)" : "lora_B (lora_up)";
        throw new FluxRuntimeError(
          "missing-tensor",
          `${file} lacks the matrix ${missing} of ${module}. Fetch or save the adapter again.`,
          { option: "loras", file, module },
        );
      }
      const whole = { down, up, ...(alpha && { alpha }) };
      checkMatrices(module, whole, file);
      return [module, whole];
    }),
  );
}

function refuseForeignKeys(names: readonly string[], file: string): void {
  for (const name of names) {
    const what = recognizeForeignKey(name);
    if (what === undefined) continue;
    throw new FluxRuntimeError(
      "unsupported-weights",
      `${file} holds what is not read: ${what}, as ${name} shows. Expected are pairs of low-rank matrices of the transformer's linear layers. Merge it into its base model with the program that made it, and open the result.`,
      { option: "loras", file, kind: what, evidence: name },
    );
  }
}

function notOfAdapter(name: string, file: string): FluxRuntimeError {
  return new FluxRuntimeError(
    "unexpected-tensor",
    `${file} is not an adapter that can be read: expected tensors called lora_A and lora_B, or lora_down, lora_up and alpha, received ${name}. Give a LoRA, and a model's own weights as the checkpoint.`,
    { option: "loras", file, tensor: name },
  );
}

function checkMatrices(module: string, { down, up, alpha }: LoraModule, file: string): void {
  const details = { option: "loras", file, module };
  const [rank] = down.shape;
  if (down.shape.length !== 2 || up.shape.length !== 2 || up.shape[1] !== rank || rank === 0) {
    throw new FluxRuntimeError(
      "shape-mismatch",
      `The adapter of ${module} in ${file} is not of two matrices [rank, in] and [out, rank]: received [${down.shape.join(", ")}] and [${up.shape.join(", ")}]. Adapters of convolutions, of four axes, are not read.`,
      { ...details, received: [down.shape, up.shape] },
    );
  }
  if (alpha !== undefined && alpha.shape.some((length) => length !== 1)) {
    throw new FluxRuntimeError(
      "shape-mismatch",
      `The alpha of ${module} in ${file} must be one number, but has the shape [${alpha.shape.join(", ")}]. Save the adapter again.`,
      { ...details, received: alpha.shape },
    );
  }
  for (const { dtype } of [down, up]) {
    if (isWeightDtype(dtype)) continue;
    throw new FluxRuntimeError(
      "unsupported-dtype",
      `The adapter of ${module} in ${file} is ${dtype}; expected one of ${WEIGHT_DTYPES.join(", ")}. Save the adapter in one of these types.`,
      { ...details, received: dtype },
    );
  }
}
