import type { RuntimeOptions } from "@measure-plantain/flux-runtime";
import type { ProbeSettings } from "../settings/settings.ts";

/** How a run's passes are computed, to compute all of them alike. */
export function runtimeOptions(
  { device, dtype, weights, threads }: ProbeSettings,
  signal: AbortSignal | undefined,
): RuntimeOptions {
  return { device, dtype, weights, ...(signal && { signal }), ...(threads !== null && { threads }) };
}
