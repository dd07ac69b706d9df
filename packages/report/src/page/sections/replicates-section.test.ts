/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { listReplicates, type NuisanceSettings } from "@measure-plantain/probe";
import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, test } from "vitest";
import { syntheticContext, syntheticLayout, syntheticRepetitions } from "../../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "../../statistics/analyze-captures.ts";
import { summarize } from "../../summary/summarize.ts";
import type { Summary } from "../../summary/summary.ts";
import { formatSummaryMarkdown } from "../../text/summary-markdown.ts";
import { renderFigureFiles } from "../figures/render-figure-files.ts";
import { renderReport } from "../report-html.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const noises: NuisanceSettings = { noiseSeeds: [7, 8, 9, 10], noise: "shared", sigmas: [1, 0.5] };
const reproduction = { command: null, capturesSha256: "0a", packages: {}, node: "v20.19.0" };

async function analyze(
  references: readonly string[],
  { plant = true, ...settings }: Partial<NuisanceSettings> & { readonly plant?: boolean } = {},
): Promise<{ analysis: Analysis; summary: Summary }> {
  const replicates = listReplicates({ ...noises, ...settings, references });
  const captures = syntheticRepetitions(layout, replicates, {
    plant: () => (plant ? { block: "single.1", effect: 0.3 } : undefined),
  });
  const analysis = await analyzeCaptures(captures, { replicates });
  return { analysis, summary: summarize(analysis, { ...syntheticContext(10), replicates }) };
}

describe("what the repetitions show", () => {
  let analysis: Analysis;
  let summary: Summary;
  let document: Document;
  let markdown: string;

  beforeAll(async () => {
    ({ analysis, summary } = await analyze(["one", "two"]));
    ({ document } = parseHTML(renderReport({ analysis, summary, manifest: {} })));
    markdown = formatSummaryMarkdown(summary, reproduction).replaceAll("\\", "");
  });

  const numbers = (selector: string): number[] =>
    Array.from(document.querySelectorAll(`${selector} data`), (number) =>
      Number(number.getAttribute("value")),
    );

  test("is on the page in the summary's numbers: random factors, levels left out, noise levels", () => {
    const { random, leftOut, noiseLevels } = summary.repetitions ?? {};
    expect(numbers("#random-factors")).toEqual([
      ...(random?.thresholds ?? []).flatMap(({ averaged, random: kept, byChance }) => [
        averaged,
        kept,
        byChance,
      ]),
      random?.falseDiscovery.averaged,
      random?.falseDiscovery.random,
    ]);
    expect(leftOut).toHaveLength(2);
    for (const { factor, levels } of leftOut ?? [])
      expect(numbers(`[data-factor="${factor}"]`)).toEqual(
        levels.flatMap(({ alone, without }) => alone.flatMap((count, place) => [count, without[place]])),
      );
    expect(numbers("#noise-levels")).toEqual(
      [0, 1, 2].flatMap((place) => (noiseLevels ?? []).map(({ shares }) => shares[place]?.share)),
    );
  });

  test("is in summary.md with the same sentences, and survives JSON as it is", () => {
    expect(markdown).toContain("#### As random: 2 fixed images and 4 noise seeds");
    expect(markdown).toMatch(/Mean share of the variance over 36 groups: pair \d+\.\d %/);
    expect(markdown).toMatch(
      /Of \d+ groups over \|t\| = 3 in the mean, \d+ \(\d+\.\d %\) are over it in each of the 4 noise seeds alone, and \d+ \(\d+\.\d %\) whichever noise seed is left out\./,
    );
    expect(markdown).toContain("| block | σ = 1 | σ = 0.5 |");
    const page = document.querySelector("#replicates")?.textContent.replaceAll(/\s+/g, " ") ?? "";
    for (const sentence of markdown.match(/Of \d+ groups? over .*|No group is over .*|Mean share of .*/g) ??
      [])
      expect(page).toContain(sentence);
    expect(JSON.parse(JSON.stringify(summary.repetitions))).toEqual(summary.repetitions);
  });

  test("shares the variance out among its sources", () => {
    const { components = [] } = summary.repetitions?.random ?? {};
    expect(components.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  test("has the blocks by noise level as a drawing, which is a figure's file, too", () => {
    const cells = document.querySelectorAll("#noise-level-shares .wide svg rect");
    expect(cells).toHaveLength(3 * 2);
    const file = renderFigureFiles(analysis, summary).find(({ name }) => name === "noise-levels");
    expect(file?.svg).not.toMatch(/var\(|NaN|undefined/);
    expect(file?.svg).toContain("σ = 0.5");
  });

  test("has a map of the groups at each noise level among the figures' files", () => {
    const maps = renderFigureFiles(analysis, summary).filter(({ name }) => name.includes("-sigma-"));
    expect(maps.map(({ name }) => name)).toEqual(["heat-map-group-sigma-1", "heat-map-group-sigma-0.5"]);
    const [one, other] = maps;
    expect(one?.svg).toContain("at noise level 1");
    expect(one?.svg.replaceAll("noise level 1", "")).not.toBe(other?.svg.replaceAll("noise level 0.5", ""));
  });

  test("extends to other images and noises only if groups respond with these as random", async () => {
    const images = ["1", "2", "3", "4", "5", "6", "7", "8"];
    const { summary: many } = await analyze(images, { noiseSeeds: [1] });
    expect(many.conclusions.may.join("\n")).toMatch(
      /The responses extend to other fixed images of the kind that was run: with 8 fixed images taken as random, [1-9]\d* of 36 groups respond/,
    );
    const { summary: nothing } = await analyze(images.slice(0, 4), { plant: false });
    expect(nothing.conclusions.mayNot.join("\n")).toMatch(
      /That the responses extend to other fixed images and noises than these is not shown: with 4 fixed images .* 0 of 36/,
    );
    for (const { conclusions } of [many, nothing])
      expect(JSON.stringify(conclusions)).not.toContain("poorly");
    expect(summary.conclusions.mayNot.join("\n")).toMatch(
      /2 fixed images are few: the variance between them is estimated poorly/,
    );
  });
});

describe("a run on one fixed image", () => {
  const holds = "the results hold for that image";

  test("is said to hold for that image, repeated or not", async () => {
    const once = await analyze(["one"], { noiseSeeds: [1], sigmas: [1] });
    const repeated = await analyze(["one"]);
    for (const { summary } of [once, repeated]) {
      expect(summary.conclusions.mayNot.join("\n")).toContain(holds);
      expect(JSON.stringify(summary.conclusions.may)).not.toContain("fixed images");
    }
    expect(repeated.summary.repetitions?.leftOut.map(({ factor }) => factor)).toEqual(["noise seed"]);
  });

  test("is not spoken of without an image, or with several", async () => {
    for (const references of [[], ["one", "two"]]) {
      const { summary } = await analyze(references, { noiseSeeds: [1], sigmas: [1] });
      expect(JSON.stringify(summary.conclusions)).not.toContain(holds);
    }
  });
});
