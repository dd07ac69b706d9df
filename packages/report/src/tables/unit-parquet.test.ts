import { csvParse } from "d3-dsv";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { syntheticCaptures, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "../statistics/analyze-captures.ts";
import type { GranularityResult } from "../statistics/granularity-result.ts";
import { formatUnitParquet, holdsUnits } from "./unit-parquet.ts";
import { formatUnitCsv } from "./unit-table.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 1, headsPerBlock: 2, headSize: 32 });

async function firstGranularity(flips: number | "exact" = 5): Promise<GranularityResult> {
  const { granularities } = await analyzeCaptures(syntheticCaptures(layout, { pairs: 5 }), { flips });
  const [group] = granularities;
  if (group === undefined) throw new Error("no group");
  return group;
}

/** The rows as a CSV has them. */
async function readAsTexts(file: Uint8Array): Promise<Record<string, string>[]> {
  const rows = await parquetReadObjects({ file: file.slice().buffer });
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null ? "" : String(value)]),
    ),
  );
}

test.each([5, "exact"] as const)(
  "the Parquet file holds the columns and values of the CSV, to the last digit (%s flips)",
  async (flips) => {
    const group = await firstGranularity(flips);
    const rows = csvParse(formatUnitCsv(group));
    expect(await readAsTexts(formatUnitParquet(group))).toEqual(rows.map((row) => ({ ...row })));
    expect(rows[0]?.["p_sign_flip"] === "").toBe(flips !== "exact");
  },
);

test("numbers are float64 and int32, not texts; infinite ones stay infinite", async () => {
  const group = await firstGranularity();
  const t = group.pairedT.t.map((value, unit) => (unit === 3 ? -Infinity : value));
  const file = formatUnitParquet({ ...group, pairedT: { ...group.pairedT, t } });
  const [row] = await parquetReadObjects({ file: file.slice().buffer, rowStart: 3, rowEnd: 4 });
  expect(row).toMatchObject({ t: -Infinity, start: 48, df: 4, p_sign_flip: null });
  const { schema } = parquetMetadata(file.slice().buffer);
  expect(schema.filter(({ type }) => type === "DOUBLE").map(({ name }) => name)).toContain("t");
});

test("the bytes are the same each time", async () => {
  const group = await firstGranularity();
  expect(formatUnitParquet(group)).toEqual(formatUnitParquet(group));
});

test("holdsUnits knows its own values from others, and from a file that is no Parquet", async () => {
  const group = await firstGranularity();
  const file = formatUnitParquet(group);
  expect(await holdsUnits(file, group)).toBe(true);
  const t = group.pairedT.t.map((value, unit) => (unit === 7 ? value * (1 + 2 ** -52) : value));
  expect(await holdsUnits(file, { ...group, pairedT: { ...group.pairedT, t } })).toBe(false);
  expect(await holdsUnits(file, { ...group, records: group.records.slice(1) })).toBe(false);
  expect(await holdsUnits(new Uint8Array(0), group)).toBe(false);
  expect(await holdsUnits(new TextEncoder().encode("address,block\n"), group)).toBe(false);
});
