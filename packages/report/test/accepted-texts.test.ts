/// <reference lib="dom" />
import { type Browser, findBrowser, launchBrowser } from "@measure-plantain/browser-test";
import { auditPromptSet, definePromptSet, promptText } from "@measure-plantain/prompts";
import { csvParse } from "d3-dsv";
import { parseHTML } from "linkedom";
import { marked } from "marked";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderFigureFiles } from "../src/page/figures/render-figure-files.ts";
import { drawFigurePng } from "../src/page/figures/draw-figure-png.ts";
import { renderReport } from "../src/page/report-html.ts";
import { type Analysis, analyzeCaptures } from "../src/statistics/analyze-captures.ts";
import { formatSummaryMarkdown } from "../src/text/summary-markdown.ts";
import { summarize } from "../src/summary/summarize.ts";
import type { SummaryContext } from "../src/summary/summary-context.ts";
import { formatPairCsv } from "../src/tables/pair-table.ts";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "./synthetic-probe.ts";

/** At the edge of what the schema of prompt sets accepts, in every text of one line. */
const line =
  "é 日本 كائن\u200f\u200e 👩‍🔬 <b>&amp;\"' \u00a0\u00ad\u200b\ufeff\ufdd0\u{1fffe}\u2028\u2029\ufffd ]]> {{x}}";
/** Only prompts and what meta records have line breaks and tabs. */
const lines = `two\n\n\tlines ${line}`;

const promptSet = definePromptSet({
  $schema: line,
  name: line,
  version: line,
  title: line,
  labels: { a: `a ${line}`, b: `b ${line}` },
  reference: { prompt: lines, seed: 0, steps: 1, guidance: 1, width: 64, height: 64 },
  pairs: ["1", "2", "3", "4"].map((id) => ({
    id: `${id} ${line}`,
    a: `${lines} a${id}`,
    b: { prompt: `${lines} b${id}`, images: [line] },
    meta: { [line]: [lines] },
  })),
});
const texts = promptSet.pairs.map(({ id, a, b }) => [id, promptText(a), promptText(b)]);
const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 1, headsPerBlock: 2, headSize: 32 });
const context: SummaryContext = {
  ...syntheticContext(),
  promptSet,
  audit: auditPromptSet(promptSet, { countTokens: (text) => text.length }),
};

const found = await findBrowser();

/** A text as Markdown shows it: what separates lines is a space. */
const joined = (text: string): string => text.replaceAll(/\s*[\n\u2028\u2029]+\s*/g, " ");

describe("every text that a prompt set may have reads back as it was written", () => {
  let analysis: Analysis;
  beforeAll(async () => {
    analysis = await analyzeCaptures(syntheticCaptures(layout, { pairs: 4 }), { flips: 10 });
  });

  it("from JSON", () => {
    expect(JSON.parse(Buffer.from(JSON.stringify(promptSet)).toString())).toEqual(promptSet);
  });

  it("from CSV", () => {
    const rows = csvParse(
      formatPairCsv({ promptSet, audit: context.audit, confounds: null, embeddingDistances: null }),
    );
    expect(rows.map(({ id, a, b }) => [id, a, b])).toEqual(texts);
  });

  it("from Markdown, each on one line, and from its metadata", async () => {
    const reproduction = { command: "x", capturesSha256: "0", packages: {}, node: "x" };
    const markdown = formatSummaryMarkdown(summarize(analysis, context), reproduction);
    const { document } = parseHTML(`<html><body>${await marked.parse(markdown)}</body></html>`);
    const rows = Array.from(document.querySelectorAll("tr"), (row) =>
      Array.from(row.querySelectorAll("td"), (cell) => cell.textContent),
    );
    for (const row of texts.map((cells) => cells.map(joined)))
      expect(rows.find(([id]) => id === row[0])?.slice(0, 3)).toEqual(row);
    expect(document.querySelector("h1")?.textContent).toBe(joined(line));
    const [, front = ""] = /^---\n(.*?)\n---\n/s.exec(markdown) ?? [];
    expect(parse(front)).toMatchObject({ model_name: `${line} probe` });
  });

  it("from the XML of every figure", async () => {
    const figures = renderFigureFiles(analysis, summarize(analysis, context));
    expect(figures.map(({ svg }) => svg).join("")).toContain("👩‍🔬");
    for (const { svg } of figures) expect((await drawFigurePng(svg)).length).toBeGreaterThan(1_000);
  });

  describe.skipIf(found === undefined)("in a browser", () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser.close());

    it("from HTML", async () => {
      const page = await browser.newPage();
      await page.setContent(
        renderReport({ analysis, summary: summarize(analysis, context), manifest: { promptSet } }),
      );
      const cells = page.locator("#prompts tr[data-pair] td:nth-of-type(-n+2)");
      expect(await cells.allTextContents()).toEqual(texts.flatMap(([, a, b]) => [a, b]));
      expect(await page.locator("#prompts thead bdi").allTextContents()).toEqual([`a ${line}`, `b ${line}`]);
    });
  });
});
