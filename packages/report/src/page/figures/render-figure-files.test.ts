/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { DOMParser } from "linkedom";
import { expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../../test/synthetic-probe.ts";
import { analyzeCaptures } from "../../statistics/analyze-captures.ts";
import { summarize } from "../../summary/summarize.ts";
import { renderFigureFiles } from "./render-figure-files.ts";

const layout = syntheticLayout({ jointBlocks: 2, singleBlocks: 3, headsPerBlock: 2, headSize: 32 });
const planted = { block: "single.1", effect: 0.3 };

test("renderFigureFiles names every figure of the report once", async () => {
  const analysis = await analyzeCaptures(syntheticCaptures(layout, { planted }), { flips: 20 });
  expect(
    renderFigureFiles(analysis, summarize(analysis, syntheticContext())).map(({ name }) => name),
  ).toEqual([
    "heat-map-group",
    "heat-map-head",
    "heat-map-mlp",
    "blocks",
    "volcano",
    ...["group", "head", "mlp"].flatMap((name) => [
      `null-${name}-over-3`,
      `null-${name}-over-5`,
      `null-${name}-maximum`,
    ]),
    "split-half",
    "token-length",
  ]);
});

test("a figure file is SVG that leans on no page: no custom property, no repeated attribute", async () => {
  const analysis = await analyzeCaptures(syntheticCaptures(layout, { planted }), { flips: 20 });
  for (const { name, svg } of renderFigureFiles(analysis, summarize(analysis, syntheticContext()))) {
    expect(svg, name).not.toMatch(/var\(|inherit|NaN|undefined/);
    for (const [tag] of svg.matchAll(/<[a-z][^>]*>/g)) {
      const attributes = Array.from(tag.matchAll(/ ([\w:-]+)="/g), ([, attribute]) => attribute);
      expect(new Set(attributes).size, tag).toBe(attributes.length);
    }
    const { documentElement } = new DOMParser().parseFromString(svg, "image/svg+xml");
    expect(documentElement.getAttribute("xmlns"), name).toBe("http://www.w3.org/2000/svg");
  }
});

test("the heat map's file has a cell for every unit", async () => {
  const analysis = await analyzeCaptures(syntheticCaptures(layout, { planted }), { flips: 20 });
  const [map] = renderFigureFiles(analysis, summarize(analysis, syntheticContext()));
  expect(map?.svg.match(/M[\d.]+ \d+h/g)).toHaveLength(layout.unitCount);
});

test("what cannot be drawn is left out", async () => {
  const { meanSquare } = syntheticCaptures(layout, { pairs: 4 });
  const still = { layout, meanSquare: { ...meanSquare, data: meanSquare.data.map(() => 1) } };
  const analysis = await analyzeCaptures(still);
  const files = renderFigureFiles(analysis, summarize(analysis, syntheticContext(4)));
  expect(files.map(({ name }) => name)).toEqual([
    "heat-map-group",
    "heat-map-head",
    "heat-map-mlp",
    "blocks",
  ]);
});
