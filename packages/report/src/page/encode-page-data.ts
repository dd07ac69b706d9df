import type { UnitRecord } from "@measure-plantain/probe";
import type { Analysis } from "../statistics/analyze-captures.ts";
import type { GranularityResult } from "../statistics/granularity-result.ts";
import { titleGranularity } from "../text/granularity-names.ts";
import type { Summary } from "../summary/summary.ts";
import type { EncodedMap, PageData, Run, UnitPlaces } from "./browser/page-data.ts";

/** Where the groups stand in a scatter plot. */
export interface ScatterPoints {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** What the page's script needs to know of a run. MLP groups are among the groups already. */
export function encodePageData(
  { granularities, pairs }: Analysis,
  summary: Summary,
  scatters: Readonly<Record<string, ScatterPoints>> = {},
): PageData {
  const mapped = granularities.filter(({ name }) => name !== "mlp");
  const groups = mapped.findIndex(({ name }) => name === "group");
  return {
    labels: summary.promptSet.labels,
    pairs,
    maps: mapped.map((granularity): EncodedMap => {
      const brief = summary.granularities.find(({ name }) => name === granularity.name);
      const title = titleGranularity(brief ?? { name: granularity.name, channelsPerUnit: null });
      return encodeMap(granularity, title);
    }),
    points: Object.fromEntries(
      Object.entries(scatters).map(([name, { x, y }]) => [name, { map: groups, x: encode(x), y: encode(y) }]),
    ),
  };
}

function encodeMap(
  { name, records, pairedT, conditionMeans, corrected }: GranularityResult,
  title: string,
): EncodedMap {
  return {
    name,
    title,
    ...placeUnits(records),
    addresses: records.map(({ address }) => address).join("\n"),
    values: {
      t: encode(pairedT.t),
      p: encode(pairedT.p),
      familyWise: encode(corrected?.familyWise ?? pairedT.p.map(() => 1)),
      mean: encode(pairedT.mean),
      a: encode(conditionMeans.a),
      b: encode(conditionMeans.b),
    },
  };
}

/**
 * Finds the runs of units that lie next to each other. A section's channels count from its own start, so within a block
 * each kind begins where the kinds before it end.
 */
export function placeUnits(records: readonly UnitRecord[]): Pick<UnitPlaces, "rows" | "runs" | "channels"> {
  const rows = [...new Set(records.map(({ block }) => block))];
  const runs: (Run & { readonly channel: number })[] = [];
  const widths = new Map<string, number>();
  for (const [unit, { block, kind, channels }] of records.entries()) {
    const [start, stop] = channels;
    const last = runs.at(-1);
    const row = rows.indexOf(block);
    const continues =
      last?.row === row &&
      last.kind === kind &&
      stop - start === last.step &&
      start === last.channel + last.units * last.step;
    const width = widths.get(block) ?? 0;
    if (continues) runs[runs.length - 1] = { ...last, units: last.units + 1 };
    else runs.push({ row, kind, first: unit, units: 1, start: width, step: stop - start, channel: start });
    widths.set(block, width + stop - start);
  }
  return {
    rows,
    runs: runs.map(({ row, kind, first, units, start, step }) => ({ row, kind, first, units, start, step })),
    channels: Math.max(0, ...widths.values()),
  };
}

function encode(values: Float64Array | Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}
