import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../test/synthetic-probe.ts";
import { renderReport } from "../page/report-html.ts";
import { analyzeCaptures } from "../statistics/analyze-captures.ts";
import { summarize } from "../summary/summarize.ts";
import type { Summary } from "../summary/summary.ts";
import { describeStrongestBlock } from "../text/describe-strongest-block.ts";
import { formatSummaryMarkdown } from "../text/summary-markdown.ts";
import { formatSummaryTable } from "../text/summary-table.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 4, headsPerBlock: 2, headSize: 64 });
const context = syntheticContext(12);
const reproduction = { command: null, capturesSha256: "0a", packages: {}, node: "v20.19.0" };

/** Everything that a reader sees of a run: its conclusions, its page of Markdown, its page, its table. */
async function readEverything(planted?: { block: string; effect: number }): Promise<{
  summary: Summary;
  markdown: string;
  page: string;
  table: string;
}> {
  const captures = syntheticCaptures(layout, { pairs: 12, seed: 6, ...(planted && { planted }) });
  const analysis = await analyzeCaptures(captures, { thresholds: [2] });
  const summary = summarize(analysis, context);
  const { document } = parseHTML(renderReport({ analysis, summary, manifest: {} }));
  return {
    summary,
    markdown: formatSummaryMarkdown(summary, reproduction),
    page: document.querySelector("main")?.textContent ?? "",
    table: formatSummaryTable(summary),
  };
}

describe("the block of the largest share", () => {
  test("is called the strongest if it is beyond chance and first whichever pairs are drawn", async () => {
    const { summary, markdown, page, table } = await readEverything({ block: "single.2", effect: 0.3 });
    const { share, first } = summary.strongestBlock ?? {};
    expect(summary.strongestBlock).toMatchObject({ block: "single.2", isStrongest: true });
    expect(share?.p).toBeLessThanOrEqual(0.05);
    expect(first).toBeGreaterThanOrEqual(0.95);
    const sentence = describeStrongestBlock(summary) ?? "";
    expect(sentence).toMatch(
      /^single\.2 has the largest share of groups over \|t\| = 2 \(\d+\.\d %\); family-wise p = 0\.0\d+ .*; it stays first in \d+\.\d % of 1,000 resamples of the pairs, and among the first three in \d+\.\d %\.$/,
    );
    expect(summary.conclusions.may).toContain(`The strongest block is single.2: ${sentence}`);
    expect(page).toContain(sentence);
    expect(markdown.replaceAll("\\", "")).toContain(sentence);
    expect(table).toContain("Strongest block: single.2");
  });

  test("is nowhere called the strongest if chance gives as large a share in some block", async () => {
    const { summary, markdown, page, table } = await readEverything();
    expect(summary.strongestBlock).toMatchObject({ isStrongest: false });
    expect(summary.strongestBlock?.share.p).toBeGreaterThan(0.05);
    const sentence = describeStrongestBlock(summary) ?? "";
    expect(summary.conclusions.mayNot.join("\n")).toContain(
      `Which block is the strongest is not shown: ${sentence}`,
    );
    expect([markdown, page, table].join("\n")).not.toMatch(/strongest block (is |—|:)/i);
    expect(table).toMatch(/^Block of the largest share: \S+ \(not shown to be the strongest\)$/m);
  });

  test("is not spoken of if nothing varies, or if there is no other", async () => {
    const { meanSquare } = syntheticCaptures(layout, { pairs: 12 });
    const still = { layout, meanSquare: { ...meanSquare, data: meanSquare.data.map(() => 1) } };
    const alone = syntheticLayout({ jointBlocks: 0, singleBlocks: 1, headsPerBlock: 2, headSize: 32 });
    for (const captures of [still, syntheticCaptures(alone, { pairs: 12 })]) {
      const summary = summarize(await analyzeCaptures(captures), context);
      expect(summary.strongestBlock).toBeNull();
      expect(JSON.stringify(summary.conclusions)).not.toMatch(/strongest (block|is not)/);
      expect(formatSummaryTable(summary)).not.toContain("block");
    }
  });
});
