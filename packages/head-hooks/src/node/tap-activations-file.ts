import type { ActivationLayout, ActivationTapOptions } from "../activations/activation-tap.ts";
import { planActivationTaps } from "../activations/tap-activations.ts";
import { rewriteModelFile } from "./rewrite-model-file.ts";

/**
 * Tap a model file as `tapActivations` does, and write the result. Weights in external files are neither read nor written,
 * whatever their size; the model's own bytes are held once. What `hookModelFile` says of the written file holds here.
 *
 * @returns what was tapped, in the order of the taps.
 * @throws HeadHooksError as `tapActivations`, and `unreadable-file`, `unwritable-file`, `external-path`,
 *   `external-data-elsewhere`.
 * @example
 * ```ts
 * const layouts = await tapActivationsFile("model.onnx", "model.tapped.onnx", { taps: [{ at: "blocks.*" }] });
 * ```
 */
export async function tapActivationsFile(
  inPath: string,
  outPath: string,
  options: ActivationTapOptions,
): Promise<readonly ActivationLayout[]> {
  const { layouts } = await rewriteModelFile(inPath, outPath, (model) => planActivationTaps(model, options));
  return layouts;
}
