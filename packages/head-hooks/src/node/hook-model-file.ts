import type { HookOptions } from "../hook/hook-options.ts";
import { planHooks } from "../hook/plan-hooks.ts";
import type { UnitLayout } from "../units/unit-layout.ts";
import { rewriteModelFile } from "./rewrite-model-file.ts";

/** What {@link hookModelFile} returns. */
export interface HookedModelFile {
  /** Whether the written model differs from the one that was read. */
  readonly modified: boolean;
  /** Where each unit stands in the capture. */
  readonly layout: UnitLayout;
}

/**
 * Hook a model file as `hookModel` does, and write the result. Weights in external files are neither read nor
 * written, whatever their size; the model's own bytes are held once.
 *
 * The output is written aside, then renamed, so `outPath` never holds half a model; it may be `inPath` itself. A model
 * with external weights can only be written where the same files are found under the same relative names, and not in
 * place of one of them.
 *
 * @throws HeadHooksError as `hookModel`, and `unreadable-file`, `unwritable-file`, `external-path`,
 *   `external-data-elsewhere`.
 * @example
 * ```ts
 * const { layout } = await hookModelFile("model.onnx", "model.hooked.onnx", {
 *   taps: [{ at: "blocks.*.attn.to_out" }],
 *   groupSize: 16,
 * });
 * ```
 */
export async function hookModelFile(
  inPath: string,
  outPath: string,
  options: HookOptions = {},
): Promise<HookedModelFile> {
  const { layout, additions } = await rewriteModelFile(inPath, outPath, (model) => planHooks(model, options));
  return { modified: additions !== undefined, layout };
}
