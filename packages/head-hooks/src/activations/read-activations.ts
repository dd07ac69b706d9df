import type { CapturedValues } from "../units/head-mean-squares.ts";
import { type ModelOutput, readOutput } from "../units/read-capture.ts";
import type { ActivationLayout } from "./activation-tap.ts";

/**
 * What a tapped model captured in one run, out of its outputs, checked.
 *
 * @param outputs as the runtime gave them, by name.
 * @returns by the names of taps, those that capture nothing left out; the data are those of the outputs, not a copy.
 * @throws HeadHooksError `shape-mismatch` if an output is not there, or is not float32.
 * @example
 * ```ts
 * const { "blocks.3": stream } = readActivations(await session.run(feeds), layouts);
 * console.log(stream.shape); // [B, S, C]
 * ```
 */
export function readActivations(
  outputs: Readonly<Record<string, ModelOutput>>,
  layouts: readonly ActivationLayout[],
): Record<string, CapturedValues<Float32Array>> {
  return Object.fromEntries(
    layouts.flatMap(({ name, output }) => (output === null ? [] : [[name, readOutput(outputs, output)]])),
  );
}
