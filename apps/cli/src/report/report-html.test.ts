/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "../results/analyze-captures.ts";
import { summarize } from "../results/summary.ts";
import { renderReport } from "./report-html.ts";

const context = syntheticContext();
const layout = syntheticLayout({ jointBlocks: 2, singleBlocks: 3, headsPerBlock: 2, headSize: 32 });
let analysis: Analysis;
let page: string;
let document: Document;

beforeAll(async () => {
  analysis = await analyzeCaptures(
    syntheticCaptures(layout, { planted: { block: "single.1", effect: 0.3 } }),
  );
  page = renderReport({
    analysis,
    context,
    manifest: { schemaVersion: 1, note: "</script><b>" },
    reference: { png: Uint8Array.of(1, 2, 3), prompt: "A <grey> object" },
    command: "measure-plantain run --checkpoint tiny",
  });
  ({ document } = parseHTML(page));
});

describe("renderReport", () => {
  test("asks for nothing from outside", () => {
    const addresses = Array.from(document.querySelectorAll("[src], link, iframe, object"), (element) =>
      element.getAttribute("src"),
    );
    expect(addresses).toEqual(["data:image/png;base64,AQID"]);
    expect(page).not.toMatch(/@import|url\((?!#)/);
  });

  test("prompt texts, image prompt and manifest stand in it as texts", () => {
    const cells = Array.from(document.querySelectorAll("#prompts tbody tr[data-pair]"), (row) =>
      Array.from(row.querySelectorAll("td"), (cell) => cell.textContent).slice(0, 2),
    );
    expect(cells).toEqual(context.promptSet.pairs.map(({ a, b }) => [a, b]));
    expect(document.querySelector("#prompts img, #prompts b, #prompts script, #run b")).toBeNull();
    expect(document.querySelector(".reference q")?.textContent).toBe("A <grey> object");
    expect(document.querySelector("h1")?.textContent).toBe(context.promptSet.title);
    for (const cell of document.querySelectorAll("#prompts [data-pair] td:nth-child(2)"))
      expect(cell.getAttribute("dir")).toBe("auto");
  });

  test("every number of the results is the summary's, with all its digits", () => {
    const summary = summarize(analysis, context);
    for (const { name, units, testedUnits, thresholds, maximum, survivors } of summary.granularities) {
      const values = Array.from(
        document.querySelectorAll(`#results [data-granularity="${name}"] data`),
        (element) => Number(element.getAttribute("value")),
      );
      const infinite = (value: number | null): number => value ?? Infinity;
      expect(values).toEqual([
        units,
        ...thresholds.flatMap(({ observed, share, nullMean, nullP99, observedOverP99, p }) => [
          observed,
          share,
          nullMean,
          nullP99,
          infinite(observedOverP99),
          p,
        ]),
        ...(maximum === null
          ? []
          : [
              maximum.observed,
              maximum.nullMean,
              maximum.nullP99,
              infinite(maximum.observedOverP99),
              maximum.p,
            ]),
        ...(survivors === null
          ? []
          : [survivors.familyWise, survivors.falseDiscovery].flatMap((count) => [
              count,
              count / testedUnits,
            ])),
      ]);
    }
  });

  test("ranks the blocks and states the conclusions as the summary does", () => {
    const summary = summarize(analysis, context);
    const ranked = Array.from(document.querySelectorAll("#blocks tbody tr"), (row) =>
      row.getAttribute("data-block"),
    );
    expect(ranked).toEqual(summary.blocks.map(({ block }) => block));
    const sentences = Array.from(document.querySelectorAll("#conclusions li"), (item) =>
      item.textContent.trim(),
    );
    expect(sentences).toEqual([...summary.conclusions.may, ...summary.conclusions.mayNot]);
  });

  test("says that random weights are a control, and only of random weights", () => {
    expect(document.querySelector(".notice")?.textContent).toMatch(/control, not evidence about FLUX\.2/);
    const trained = { ...context, checkpoint: { id: "klein", isSynthesized: false } };
    expect(renderReport({ analysis, context: trained, manifest: {} })).not.toMatch(/class="notice"/);
  });

  test("shows controls line by line, and what they lack as a dash", async () => {
    const summary = summarize(analysis, context);
    const other = await analyzeCaptures(syntheticCaptures(layout, { seed: 2 }), { thresholds: [3] });
    const controls = [{ name: "random <weights>", summary: summarize(other, context) }];
    const html = renderReport({ analysis, context, manifest: {}, controls, segments: controls });
    const lines = Array.from(
      parseHTML(html).document.querySelectorAll('#controls [data-granularity="group"] tr:not(.group)'),
      (row) =>
        Array.from(row.querySelectorAll("th, td"), (cell) => cell.textContent.replaceAll(/\s+/g, " ").trim()),
    );
    const [own] = summary.granularities;
    expect(lines.map(([name]) => name)).toEqual(["this run", "random <weights>"]);
    expect(lines[0]?.[1]).toContain(String(own?.thresholds[0]?.observed));
    expect(lines[1]?.slice(3, 5)).toEqual(["–", "–"]);
    expect(parseHTML(html).document.querySelectorAll("#segments tr:not(.group)")).toHaveLength(7);
    expect(document.querySelector("#controls, #segments")).toBeNull();
  });

  test("stands where nothing varies and where there is no image", async () => {
    const { meanSquare } = syntheticCaptures(layout);
    const still = { layout, meanSquare: { ...meanSquare, data: meanSquare.data.map(() => 1) } };
    const empty = renderReport({ analysis: await analyzeCaptures(still), context, manifest: {} });
    expect(empty).toMatch(/No unit varies between the pairs/);
    expect(parseHTML(empty).document.querySelector("main")?.textContent).not.toMatch(
      /NaN|undefined|Infinity/,
    );
  });
});
