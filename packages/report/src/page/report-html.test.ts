/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { csvParse } from "d3-dsv";
import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, test } from "vitest";
import {
  syntheticCaptures,
  syntheticContext,
  syntheticControl,
  syntheticLayout,
} from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "../statistics/analyze-captures.ts";
import { summarize } from "../summary/summarize.ts";
import { formatUnitCsv } from "../tables/unit-table.ts";
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
    summary: summarize(analysis, context),
    manifest: { schemaVersion: 1, note: "</script><b>" },
    reference: { image: Uint8Array.of(1, 2, 3), type: "image/png", prompt: "A <grey> object" },
    command: "measure-plantain run --checkpoint tiny",
  });
  ({ document } = parseHTML(page));
});

const weights = { name: "random-weights-1", kind: "weights", seed: 3 } as const;
const prompts = { name: "reworded", kind: "prompts", set: "reworded", seed: 4 } as const;

/** The values of all numbers in an element, in their order. */
function readNumbers(element: Element | null): number[] {
  return Array.from(element?.querySelectorAll("data") ?? [], (number) =>
    Number(number.getAttribute("value")),
  );
}

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

  test("the strongest units have the values of their rows in the CSV", () => {
    const { granularities } = summarize(analysis, context);
    for (const { name } of granularities) {
      const result = analysis.granularities.find((granularity) => granularity.name === name);
      const table = new Map(
        csvParse(result ? formatUnitCsv(result) : "").map((row) => [row["address"], row]),
      );
      const rows = Array.from(document.querySelectorAll(`#strongest [data-granularity="${name}"] tbody tr`));
      expect(rows).toHaveLength(Math.min(10, table.size));
      for (const row of rows) {
        const unit = table.get(row.querySelector("code")?.textContent ?? "");
        const columns = ["rms_a", "rms_b", "mean_difference", "t", "d_z", "p", "p_family_wise"];
        expect(readNumbers(row)).toEqual(columns.map((column) => Number(unit?.[column])));
      }
    }
  });

  test("every number of the blocks is the summary's", () => {
    const { blocks } = summarize(analysis, context);
    for (const row of blocks)
      expect(readNumbers(document.querySelector(`#blocks tr[data-block="${row.block}"]`))).toEqual([
        ...[row.share, row.overThreshold, row.testedUnits, row.familyWiseP, row.first],
        ...[row.maxAbsT, row.medianAbsDz],
      ]);
  });

  test("every number of the strongest units in the other half of the pairs is the summary's", () => {
    const { topUnits } = summarize(analysis, context);
    expect(topUnits.length).toBeGreaterThan(0);
    expect(readNumbers(document.querySelector("#top-units"))).toEqual(
      topUnits.flatMap(({ top, selectedDz, otherHalfDz, overlap, overlapByChance }) => [
        ...[top, selectedDz, otherHalfDz],
        ...[overlap, overlapByChance],
      ]),
    );
  });

  test("every number of the split halves and of prompt length is the summary's", () => {
    const { halves, tokenLength } = summarize(analysis, context);
    expect(readNumbers(document.querySelector("#halves"))).toEqual([
      ...[halves?.median, halves?.lowerQuartile, halves?.upperQuartile],
      ...[halves?.nullP99, halves?.p],
    ]);
    expect(readNumbers(document.querySelector("#tokens"))).toEqual([
      tokenLength?.medianAbsR,
      ...(tokenLength?.thresholds.map(({ count }) => count) ?? []),
    ]);
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
    expect(renderReport({ analysis, summary: summarize(analysis, trained), manifest: {} })).not.toMatch(
      /class="notice"/,
    );
  });

  test("shows controls line by line, and what they lack as a dash", async () => {
    const other = await analyzeCaptures(syntheticCaptures(layout, { seed: 2 }), { thresholds: [3] });
    const control = await syntheticControl({ analysis, context }, weights, layout);
    const summary = summarize(analysis, context, [
      { ...control, name: "random <weights>", summary: summarize(other, context) },
    ]);
    const html = renderReport({ analysis, summary, manifest: {} });
    const lines = Array.from(
      parseHTML(html).document.querySelectorAll(
        '#controls table:not(#differences) [data-granularity="group"] tr:not(.group)',
      ),
      (row) =>
        Array.from(row.querySelectorAll("th, td"), (cell) => cell.textContent.replaceAll(/\s+/g, " ").trim()),
    );
    const [own] = summary.granularities;
    expect(lines.map(([name]) => name)).toEqual(["this run", "random <weights>"]);
    expect(lines[0]?.[1]).toContain(String(own?.thresholds[0]?.observed));
    expect(lines[1]?.slice(3, 5)).toEqual(["–", "–"]);
    expect(document.querySelector("#controls")).toBeNull();
  });

  test("the comparison with each control stands unit by unit, as the summary has it", async () => {
    const controls = await Promise.all([
      syntheticControl({ analysis, context }, weights, layout),
      syntheticControl({ analysis, context }, prompts, layout),
    ]);
    const summary = summarize(analysis, context, controls);
    const page = parseHTML(renderReport({ analysis, summary, manifest: {} })).document;
    for (const { name, granularities } of summary.controls)
      for (const { name: granularity, correlationOfT, top, difference } of granularities) {
        const row = page.querySelector(
          `#differences [data-granularity="${granularity}"] tr[data-control="${name}"]`,
        );
        const [first] = difference?.thresholds ?? [];
        const { maximum } = difference ?? {};
        expect(readNumbers(row)).toEqual([
          correlationOfT,
          top.shared,
          top.compared,
          top.expectedByChance,
          ...[first?.observed, first?.nullP99, first?.p, maximum?.observed, maximum?.p],
        ]);
      }
    const sentences = Array.from(page.querySelectorAll("#conclusions li"), (item) => item.textContent.trim());
    expect(sentences).toEqual([...summary.conclusions.may, ...summary.conclusions.mayNot]);
    expect(sentences.join(" ")).toMatch(/\(reworded\)/);
  });

  test("every number of the token segments is the summary's", async () => {
    const captures = syntheticCaptures(layout, { segments: true });
    const apart = await analyzeCaptures(captures, { flips: 20 });
    const summary = summarize(apart, context);
    const page = parseHTML(renderReport({ analysis: apart, summary, manifest: {} })).document;
    const all = summary.granularities.filter(({ name }) => name === "group");
    const rows = [
      ...all.map((groups) => ({ name: "all tokens", groups })),
      ...summary.segments.map(({ name, groups }) => ({ name, groups })),
    ];
    expect(rows).toHaveLength(6);
    for (const { name, groups } of rows) {
      const { testedUnits, thresholds, maximum, survivors } = groups;
      expect(readNumbers(page.querySelector(`#segments tr[data-segment="${name}"]`))).toEqual([
        testedUnits,
        ...thresholds.flatMap(({ observed, share, nullP99, observedOverP99, p }) => [
          ...[observed, share, nullP99],
          ...[observedOverP99 ?? Infinity, p],
        ]),
        ...[maximum?.observed, maximum?.p, survivors?.familyWise],
      ]);
    }
    expect(page.querySelectorAll("#segments svg")).toHaveLength(2);
    expect(document.querySelector("#segments")).toBeNull();
  });

  test("every number of the grades is the summary's, and a set without grades has no such section", async () => {
    const grades = Array.from({ length: 25 }, (_, pair) => pair % 7);
    const captures = syntheticCaptures(layout, { graded: { block: "single.1", effect: 0.05, grades } });
    const graded = await analyzeCaptures(captures, { flips: 20, grades });
    const ofGrades = syntheticContext(25, grades);
    const summary = summarize(graded, ofGrades);
    const page = parseHTML(renderReport({ analysis: graded, summary, manifest: {} })).document;
    expect(readNumbers(page.querySelector("#grades p"))).toEqual([20]);
    expect(page.querySelectorAll("#grades tbody tr")).toHaveLength(3);
    for (const { name, testedUnits, thresholds, maximum } of summary.grades?.granularities ?? []) {
      const row = page.querySelector(`#grades tr[data-granularity="${name}"]`);
      expect(readNumbers(row)).toEqual([
        testedUnits,
        ...thresholds.flatMap(({ observed, share, nullP99, observedOverP99, p }) => [
          ...[observed, share, nullP99],
          ...[observedOverP99 ?? Infinity, p],
        ]),
        ...[maximum?.observed, maximum?.nullP99, maximum?.p],
      ]);
      const closest = page.querySelector(`#grades span[data-granularity="${name}"]`);
      expect(readNumbers(closest)).toEqual([maximum?.rho]);
      expect(closest?.textContent).toContain(maximum?.address);
    }
    const sentences = Array.from(page.querySelectorAll("#conclusions li"), (item) => item.textContent.trim());
    expect(sentences).toEqual([...summary.conclusions.may, ...summary.conclusions.mayNot]);
    expect(sentences.join(" ")).toMatch(/ordered by the pairs' grade, not merely present/);
    expect(document.querySelector("#grades")).toBeNull();
  });

  test("every confound's correlation and every pair's response are the summary's", () => {
    const { confounds } = summarize(analysis, context);
    expect(confounds?.correlations.length).toBeGreaterThan(2);
    for (const { confound, pearson, spearman, p, familyWiseP } of confounds?.correlations ?? [])
      expect(readNumbers(document.querySelector(`#confounds tr[data-confound="${confound}"]`))).toEqual([
        ...[pearson, spearman],
        ...[p, familyWiseP],
      ]);
    const responses = Array.from(document.querySelectorAll("#prompts tr[data-pair]"), readNumbers);
    expect(responses).toEqual(confounds?.responses.map((response) => [response]));
  });

  test("stands where nothing varies and where there is no image", async () => {
    const { meanSquare } = syntheticCaptures(layout);
    const still = { layout, meanSquare: { ...meanSquare, data: meanSquare.data.map(() => 1) } };
    const unvaried = await analyzeCaptures(still);
    const empty = renderReport({ analysis: unvaried, summary: summarize(unvaried, context), manifest: {} });
    expect(empty).toMatch(/No unit varies between the pairs/);
    expect(parseHTML(empty).document.querySelector("main")?.textContent).not.toMatch(
      /NaN|undefined|Infinity/,
    );
  });
});
