import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { marked } from "marked";
import { parse } from "yaml";
import {
  analyzeSmall,
  smallCaptures,
  syntheticContext,
  syntheticControl,
} from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "../statistics/analyze-captures.ts";
import { formatSummaryMarkdown } from "./summary-markdown.ts";
import { formatSummaryTable } from "./summary-table.ts";
import { summarize } from "../summary/summarize.ts";

const reproduction = {
  command: "npx measure-plantain run --checkpoint tiny",
  capturesSha256: "0a1b",
  packages: { "measure-plantain": "0.0.0" },
  node: "v20.19.0",
};

describe("formatSummaryMarkdown", () => {
  test("has the results table of every granularity, the blocks, the audit and the conclusions", async () => {
    const markdown = formatSummaryMarkdown(
      summarize(await analyzeSmall(), syntheticContext(10)),
      reproduction,
    );
    expect(markdown.match(/^##+ .*$/gm)).toEqual([
      "## What was run",
      "## Results",
      "### Groups of 16 channels: 36",
      "### Real attention heads of 32 channels: 6",
      "### MLP groups of 16 channels: 24",
      "### Blocks of the largest shares",
      "### Strongest heads",
      "### Strongest units in other pairs",
      "### By tokens",
      "## Controls",
      "## Prompt pairs",
      "### What the answers go with",
      "## What may be concluded",
      "## Limits: what may not be concluded",
      "## How to reproduce",
    ]);
    expect(markdown).toMatch(/^> \*\*Random weights\.\*\*/m);
    expect(markdown).toMatch(/^\| \\\|t\\\| > 3 \| \d+ \(\d+\.\d %\) \| /m);
  });

  test("prompt texts stay texts: no HTML, no table cell, no code", async () => {
    const markdown = formatSummaryMarkdown(
      summarize(await analyzeSmall(), syntheticContext(10)),
      reproduction,
    );
    expect(markdown).toContain(String.raw`A \<img src=x onerror="alert(1)"> "object" \& nothing else`);
    expect(markdown).toContain("An object \\| 1 mm \\`wide\\`");
    expect(markdown).not.toMatch(/(?<!\\)<(img|b|script)/);
  });

  test("rendered, every prompt is the text that was written, and nothing else came in", async () => {
    const context = syntheticContext(10);
    const { pairs } = context.promptSet;
    const more = [
      "*a* _b_ ~~c~~ [d](e) ![f](g) <https://h>",
      "1. x",
      "- y",
      "$z$ &amp; `w` www.x.yz me@x.yz",
      "# v",
      "\\|",
    ];
    const set = {
      ...context.promptSet,
      pairs: pairs.map((pair, place) => ({ ...pair, b: more[place - 4] ?? pair.b })),
    };
    const markdown = formatSummaryMarkdown(
      summarize(await analyzeSmall(), { ...context, promptSet: set }),
      reproduction,
    );
    const { document } = parseHTML(`<html><body>${await marked.parse(markdown)}</body></html>`);
    const rows = Array.from(document.querySelectorAll("tr"), (row) =>
      Array.from(row.querySelectorAll("td"), (cell) => cell.textContent),
    );
    for (const { id, a, b } of set.pairs)
      expect(rows.find(([first]) => first === id)?.slice(1, 3)).toEqual([a, b]);
    expect(document.querySelectorAll("img, script, a, b, s, em").length).toBe(0);
    expect(document.querySelector("h1")?.textContent).toBe(set.title);
  });

  test("says so where nothing varies", async () => {
    const still = {
      layout: smallCaptures.layout,
      meanSquare: { ...smallCaptures.meanSquare, data: smallCaptures.meanSquare.data.map(() => 1) },
    };
    const summary = summarize(await analyzeCaptures(still), syntheticContext(10));
    expect(formatSummaryMarkdown(summary, reproduction)).toMatch(
      /No unit varies between the pairs: there is nothing to test/,
    );
    expect(formatSummaryTable(summary)).toMatch(/no unit varies between the pairs/);
    expect(formatSummaryMarkdown(summary, reproduction)).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("the card", () => {
  const frontMatterOf = (markdown: string): unknown => {
    const [, yaml] = /^---\n(.*?)\n---\n/s.exec(markdown) ?? [];
    return parse(yaml ?? "");
  };

  test("begins with metadata that the hub reads, with the base model of a model of the hub", async () => {
    const id = `black-forest-labs/FLUX.2-klein-base-4B@${"0123456789".repeat(4)}`;
    const trained = { ...syntheticContext(10), checkpoint: { id, isSynthesized: false } };
    expect(
      frontMatterOf(formatSummaryMarkdown(summarize(await analyzeSmall(), trained), reproduction)),
    ).toEqual({
      library_name: "measure-plantain",
      tags: expect.arrayContaining(["interpretability"]) as string[],
      base_model: "black-forest-labs/FLUX.2-klein-base-4B",
      model_name: "synthetic probe",
    });
  });

  test.each(["tiny", "../checkpoints/klein", "folder/klein"])(
    "names no base model for the checkpoint %s, which is not on the hub",
    async (id) => {
      const context = { ...syntheticContext(10), checkpoint: { id, isSynthesized: false } };
      const markdown = formatSummaryMarkdown(summarize(await analyzeSmall(), context), reproduction);
      expect(frontMatterOf(markdown)).not.toHaveProperty("base_model");
    },
  );

  test("a prompt set's name cannot add metadata", async () => {
    const { promptSet, ...context } = syntheticContext(10);
    const named = { ...promptSet, name: 'x"\n---\nlicense: other' };
    const summary = summarize(await analyzeSmall(), { ...context, promptSet: named });
    expect(frontMatterOf(formatSummaryMarkdown(summary, reproduction))).toMatchObject({
      model_name: 'x"\n---\nlicense: other probe',
    });
  });

  test("tells how to run the same again, and from which captures it is", async () => {
    const markdown = formatSummaryMarkdown(
      summarize(await analyzeSmall(), syntheticContext(10)),
      reproduction,
    );
    expect(markdown).toContain("```sh\nnpx measure-plantain run --checkpoint tiny\n```");
    expect(markdown).toContain("SHA-256 of `captures.safetensors`: `0a1b`");
  });

  test("shows every segment and every control with the numbers of the summary", async () => {
    const analysis = await analyzeSmall();
    const context = syntheticContext(10);
    const control = await syntheticControl(
      { analysis, context },
      { name: "reworded", kind: "prompts", set: "reworded", seed: 2 },
      smallCaptures.layout,
    );
    const summary = summarize(analysis, context, [control]);
    const markdown = formatSummaryMarkdown(summary, reproduction);
    for (const { name, groups } of summary.segments)
      expect(markdown).toMatch(
        new RegExp(
          `^\\| ${name} \\| ${groups.testedUnits} \\| ${groups.thresholds[0]?.observed ?? NaN} \\(`,
          "m",
        ),
      );
    const [groups] = summary.controls[0]?.granularities ?? [];
    expect(markdown).toMatch(
      new RegExp(`^\\| reworded \\| – \\| ${groups?.thresholds[0]?.observed ?? NaN} \\| .* \\|$`, "m"),
    );
  });
});
