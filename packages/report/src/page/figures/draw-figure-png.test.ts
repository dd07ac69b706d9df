import sharp from "sharp";
import { expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../../test/synthetic-probe.ts";
import { analyzeCaptures } from "../../statistics/analyze-captures.ts";
import { summarize } from "../../summary/summarize.ts";
import { renderFigureFiles } from "./render-figure-files.ts";
import { drawFigurePng } from "./draw-figure-png.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });

test("every figure becomes a PNG of twice its size on white, with something drawn, the same each time", async () => {
  const analysis = await analyzeCaptures(syntheticCaptures(layout, { pairs: 8 }), { flips: 10 });
  for (const { name, svg } of renderFigureFiles(analysis, summarize(analysis, syntheticContext(8)))) {
    const side = (of: string): number => Number(new RegExp(` ${of}="(\\d+)"`).exec(svg)?.[1]);
    const png = await drawFigurePng(svg);
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect({ name, ...info }).toMatchObject({
      name,
      width: 2 * side("width"),
      height: 2 * side("height"),
      channels: 3,
    });
    expect(Array.from(data.subarray(0, 3)), name).toEqual([255, 255, 255]);
    expect(new Set(data).size, name).toBeGreaterThan(10);
    expect(Buffer.compare(Buffer.from(await drawFigurePng(svg)), Buffer.from(png)), name).toBe(0);
  }
});

test("labels and numbers that XML would take for markup do not break a figure", async () => {
  const analysis = await analyzeCaptures(syntheticCaptures(layout, { pairs: 8 }), { flips: 10 });
  const [first, ...rest] = analysis.granularities;
  if (!first?.signFlip) throw new Error("no null");
  // a 99th percentile that is written as "< 0.1"
  const { maximum, thresholds } = first.signFlip;
  const rare = thresholds.map((tested) => ({ ...tested, null: { ...tested.null, p99: 0.01 } }));
  const granularities = [{ ...first, signFlip: { ...first.signFlip, maximum, thresholds: rare } }, ...rest];
  const context = syntheticContext(8);
  const labels = { a: 'small "<b>', b: "large & </svg>" };
  const changed = { ...analysis, granularities };
  const summary = summarize(changed, { ...context, promptSet: { ...context.promptSet, labels } });
  const files = renderFigureFiles(changed, summary);
  expect(files.map(({ svg }) => svg).join("")).toContain("99th percentile of the null &lt; 0.1");
  for (const { svg } of files) expect((await drawFigurePng(svg)).length).toBeGreaterThan(1_000);
});

test("the colours of the heat map's file are those of its units", async () => {
  const { meanSquare } = syntheticCaptures(layout, { pairs: 6 });
  // all units answer to condition b, much the same in every pair: t is far beyond the strongest colour
  const data = meanSquare.data.map((_, place) => {
    const pass = Math.floor(place / layout.unitCount);
    return (pass % 2 === 1 ? 4 : 1) + 1e-3 * ((pass + place) % 5);
  });
  const analysis = await analyzeCaptures({ layout, meanSquare: { ...meanSquare, data } }, { flips: 5 });
  const [map] = renderFigureFiles(analysis, summarize(analysis, syntheticContext(6)));
  const png = await drawFigurePng(map?.svg ?? "");
  const pixel = await sharp(png)
    .extract({ left: 200, top: 2 * 30, width: 1, height: 1 })
    .raw()
    .toBuffer();
  expect(Array.from(pixel)).toEqual([0x0c, 0x35, 0x66]);
});
