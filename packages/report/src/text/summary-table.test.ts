import { describe, expect, test } from "vitest";
import { analyzeSmall, syntheticContext } from "../../test/synthetic-probe.ts";
import { formatSummaryTable } from "./summary-table.ts";
import { summarize } from "../summary/summarize.ts";

describe("formatSummaryTable", () => {
  test("is aligned, fits a terminal of 80 columns and names the control", async () => {
    const table = formatSummaryTable(summarize(await analyzeSmall(), syntheticContext(10)));
    const lines = table.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/observed +share +null mean +null p99 +obs\/p99 +p$/);
    const rows = lines.filter((line) => line.startsWith("  "));
    expect(new Set(rows.map((line) => line.length)).size).toBe(1);
    expect(lines.at(-2)).toBe("Strongest block: single.1");
    expect(lines.at(-1)).toBe("Random weights: a control, not evidence about FLUX.2.");
  });
});
