import { describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "../statistics/analyze-captures.ts";
import { formatSummaryTable } from "./summary-table.ts";
import { summarize } from "../summary/summarize.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const captures = syntheticCaptures(layout, {
  pairs: 10,
  planted: { block: "single.1", effect: 0.3 },
  segments: true,
});

function analyze(): Promise<Analysis> {
  return analyzeCaptures(captures, { flips: 40, seed: 3 });
}

describe("formatSummaryTable", () => {
  test("is aligned, fits a terminal of 80 columns and names the control", async () => {
    const table = formatSummaryTable(summarize(await analyze(), syntheticContext(10)));
    const lines = table.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/observed +share +null mean +null p99 +obs\/p99 +p$/);
    const rows = lines.filter((line) => line.startsWith("  "));
    expect(new Set(rows.map((line) => line.length)).size).toBe(1);
    expect(lines.at(-2)).toBe("Strongest block: single.1");
    expect(lines.at(-1)).toBe("Random weights: a control, not evidence about FLUX.2.");
  });
});
