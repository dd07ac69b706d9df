import type { AblationGranularity } from "@measure-plantain/probe";

/** What the units of a granularity are called that can be ablated or steered. */
export const granularityUnits: Readonly<Record<AblationGranularity, string>> = {
  group: "groups",
  head: "real attention heads",
  mlp: "MLP groups",
};
