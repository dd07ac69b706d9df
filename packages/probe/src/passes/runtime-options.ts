import type { RuntimeOptions, TextEncoderOptions } from "@measure-plantain/flux-runtime";
import type { ProbeSettings } from "../settings/settings.ts";

/** How a run's passes are computed, to compute all of them alike. */
export function runtimeOptions(
  { device, dtype, weights, threads }: ProbeSettings,
  {
    signal,
    onConvertWeights,
  }: Pick<RuntimeOptions, "onConvertWeights"> & { readonly signal: AbortSignal | undefined },
): RuntimeOptions {
  return {
    device,
    dtype,
    weights,
    onConvertWeights,
    ...(signal && { signal }),
    ...(threads !== null && { threads }),
  };
}

/** How a run's prompts are encoded: those of its passes, and those that its fixed images are rendered from. */
export function encodingOptions({
  maxSequenceLength,
  textEncoderLayers,
  rotaryFrequencies,
}: ProbeSettings): Required<
  Pick<TextEncoderOptions, "maxSequenceLength" | "textEncoderLayers" | "rotaryFrequencies">
> {
  return { maxSequenceLength, textEncoderLayers, rotaryFrequencies };
}
