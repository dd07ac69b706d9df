import { splitByGranularity } from "@measure-plantain/probe";
import { describe, expect, it } from "vitest";
import {
  crossedCells as cells,
  crossedLayout,
  syntheticCrossed,
  type CellResponse,
} from "../../../test/synthetic-crossed.ts";
import { summarizeCrossed, type CrossedSummary } from "../../summary/crossed-summary.ts";
import { listChannelSets } from "@measure-plantain/probe";
import { analyzeCells, type CrossedResult } from "./crossed-result.ts";

const grade = (level: number): number => (cells.grades[level] ?? NaN) / 4;
const wording = [0.9, -0.8, 0.1, 0.7, -1, 0.2];

async function analyze(response: CellResponse): Promise<CrossedResult> {
  const captures = syntheticCrossed(response);
  return analyzeCells(captures, splitByGranularity(captures), { cells, flips: 200, seed: 0 });
}
async function summarizeResponse(response: CellResponse): Promise<CrossedSummary> {
  return summarizeCrossed(await analyze(response));
}
const verdicts = ({ transfers }: CrossedSummary): Record<string, string> =>
  Object.fromEntries(transfers.map(({ kind, verdict }) => [kind, verdict]));
const groups = ({ granularities }: CrossedSummary): CrossedSummary["granularities"][number]["follows"] =>
  granularities[0]?.follows ?? { grade: NaN, rows: NaN, levels: NaN, none: NaN };

describe("analyzeCells", () => {
  it("finds one axis where the response grows with the grade in every row", async () => {
    const summary = await summarizeResponse((_, level) => grade(level));
    expect(verdicts(summary)).toEqual({ strength: "axis", signed: "axis" });
    const [, signed] = summary.transfers;
    expect(signed?.whole.r).toBeGreaterThan(0.95);
    expect(signed?.strongest?.address).toMatch(/^single\.1/);
    expect(groups(summary).grade).toBeGreaterThan(10); // of the 16 groups of single.1
    expect(groups(summary).rows + groups(summary).levels).toBeLessThanOrEqual(2);
  });

  it("finds none where it grows in one row only, and names the units", async () => {
    const summary = await summarizeResponse((row, level) => (row === 2 ? 2.8 * grade(level) : 0));
    expect(verdicts(summary)).toEqual({ strength: "none", signed: "none" });
    expect(groups(summary).rows).toBeGreaterThan(10);
    expect(groups(summary).grade).toBe(0);
  });

  it("finds the levels, and no axis, where every row responds to them in another order", async () => {
    const summary = await summarizeResponse((_, level) => wording[level] ?? NaN);
    expect(verdicts(summary)).toEqual({ strength: "levels", signed: "levels" });
    expect(groups(summary).levels).toBeGreaterThan(10);
    expect(groups(summary).grade).toBe(0);
  });

  it("finds nothing in noise", async () => {
    const summary = await summarizeResponse(() => 0);
    expect(verdicts(summary)).toEqual({ strength: "none", signed: "none" });
    expect(groups(summary).none).toBeGreaterThan(34);
  });
});

it("listChannelSets lists everything, the blocks, the heads, and sections without heads", () => {
  const { families, ranges } = listChannelSets(crossedLayout);
  expect(families.map(({ kind, addresses }) => [kind, addresses])).toEqual([
    ["all", ["all"]],
    ["block", ["joint.0", "single.0", "single.1"]],
    [
      "head",
      [
        "joint.0.head.0",
        "joint.0.head.1",
        "single.0.head.0",
        "single.0.head.1",
        "single.1.head.0",
        "single.1.head.1",
      ],
    ],
    ["section", ["single.0.mlp", "single.1.mlp"]],
  ]);
  const channels = crossedLayout.unitCount * crossedLayout.groupSize;
  expect(ranges[0]?.start).toBe(0);
  expect(ranges.at(-1)?.stop).toBe(channels);
  const [all, blocks] = families;
  expect(all?.unions[0]).toEqual([...ranges.keys()]);
  expect(blocks?.unions[1]).toEqual([2, 3, 4]);
});
