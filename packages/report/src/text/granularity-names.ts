import type { GranularitySummary } from "../summary/granularity-summary.ts";

/** What the units of a granularity are called in a sentence: `groups of 16 channels`. */
export function describeGranularity({
  name,
  channelsPerUnit,
}: Pick<GranularitySummary, "name" | "channelsPerUnit">): string {
  const channels = channelsPerUnit === null ? "" : ` of ${channelsPerUnit} channels`;
  switch (name) {
    case "group":
      return `groups${channels}`;
    case "head":
      return `real attention heads${channels}`;
    case "mlp":
      return `MLP groups${channels}`;
    case "to_add_out":
      return `text-stream groups${channels}`;
  }
}

/** The name as the title of a table: `Groups of 16 channels`. */
export function titleGranularity(granularity: Pick<GranularitySummary, "name" | "channelsPerUnit">): string {
  const name = describeGranularity(granularity);
  return name.charAt(0).toUpperCase() + name.slice(1);
}
