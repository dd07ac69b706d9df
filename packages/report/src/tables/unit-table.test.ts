import { csvParse } from "d3-dsv";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "../statistics/analyze-captures.ts";
import type { GranularityResult } from "../statistics/granularity-result.ts";
import { formatUnitCsv } from "./unit-table.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 1, headsPerBlock: 2, headSize: 32 });

async function firstGranularity(): Promise<GranularityResult> {
  const { granularities } = await analyzeCaptures(syntheticCaptures(layout, { pairs: 5 }), { flips: 5 });
  const [group] = granularities;
  if (group === undefined) throw new Error("no group");
  return group;
}

test("docs/report.md explains every column", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/report.md"), "utf8");
  const { columns } = csvParse(formatUnitCsv(await firstGranularity()));
  for (const name of columns) expect(page).toContain(`\`${name}\``);
});

describe("formatUnitCsv", () => {
  test("has a header and one row per unit", async () => {
    const rows = csvParse(formatUnitCsv(await firstGranularity()));
    expect(rows.columns).toEqual([
      ...["address", "block", "kind", "start", "stop", "rms_a", "rms_b", "mean_difference", "sd", "t", "df"],
      ...["p", "d_z", "ci_lower", "ci_upper", "p_family_wise", "q_false_discovery", "p_sign_flip"],
    ]);
    expect(rows).toHaveLength(layout.unitCount);
    expect(rows[1]).toMatchObject({
      address: "joint.0.to_out[16:32]",
      block: "joint.0",
      kind: "to_out",
      start: "16",
      stop: "32",
      df: "4",
    });
  });

  test("every number reads back as the same float64", async () => {
    const group = await firstGranularity();
    const rows = csvParse(formatUnitCsv(group));
    const read = (name: string): number[] => rows.map((row) => Number(row[name]));
    const { pairedT, conditionMeans, corrected } = group;
    expect(read("t")).toEqual(Array.from(pairedT.t));
    expect(read("p")).toEqual(Array.from(pairedT.p));
    expect(read("sd")).toEqual(Array.from(pairedT.standardDeviation));
    expect(read("mean_difference")).toEqual(Array.from(pairedT.mean));
    expect(read("d_z")).toEqual(Array.from(pairedT.cohensDz));
    expect(read("ci_lower")).toEqual(Array.from(pairedT.confidenceInterval.lower));
    expect(read("ci_upper")).toEqual(Array.from(pairedT.confidenceInterval.upper));
    expect(read("rms_a")).toEqual(Array.from(conditionMeans.a));
    expect(read("rms_b")).toEqual(Array.from(conditionMeans.b));
    expect(read("p_family_wise")).toEqual(Array.from(corrected?.familyWise ?? []));
    expect(read("q_false_discovery")).toEqual(Array.from(corrected?.falseDiscovery ?? []));
    expect(new Set(rows.map((row) => row["p_sign_flip"]))).toEqual(new Set([""]));
  });

  test.each(["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx"])(
    "the text %j is no formula in a spreadsheet",
    async (block) => {
      const group = await firstGranularity();
      const records = group.records.map((record) => ({ ...record, block }));
      expect(csvParse(formatUnitCsv({ ...group, records }))[0]?.["block"]).toBe(`'${block}`);
    },
  );

  test("a text with commas, quotes and line breaks stays one cell", async () => {
    const group = await firstGranularity();
    const block = 'a, "b"\nc';
    const records = group.records.map((record) => ({ ...record, block }));
    expect(csvParse(formatUnitCsv({ ...group, records }))[0]?.["block"]).toBe(block);
  });
});
