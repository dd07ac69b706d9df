import { describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "../statistics/analyze-captures.ts";
import { summarize } from "./summarize.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const captures = syntheticCaptures(layout, {
  pairs: 10,
  planted: { block: "single.1", effect: 0.3 },
  segments: true,
});

function analyze(): Promise<Analysis> {
  return analyzeCaptures(captures, { flips: 40, seed: 3 });
}

describe("summarize", () => {
  test("holds the counts and nulls of every granularity as paired-stats computed them", async () => {
    const analysis = await analyze();
    const { granularities, signFlips } = summarize(analysis, syntheticContext(10));
    expect(signFlips).toEqual({ labellings: 40, exact: false, seed: 3 });
    for (const [place, { thresholds, maximum, strongest }] of granularities.entries()) {
      const { signFlip, pairedT } = analysis.granularities[place] ?? {};
      expect(
        thresholds.map(({ observed, nullMean, nullP99, p }) => [observed, nullMean, nullP99, p]),
      ).toEqual(signFlip?.thresholds.map(({ observed, null: { mean, p99 }, p }) => [observed, mean, p99, p]));
      expect(maximum?.observed).toBe(Math.max(...(pairedT?.t ?? []).map(Math.abs)));
      expect(Math.abs(strongest[0]?.t ?? 0)).toBe(maximum?.observed);
      expect(strongest[0]?.address).toBe(maximum?.address);
    }
  });

  test("survives JSON unchanged, infinite ratios too", async () => {
    const analysis = await analyzeCaptures(captures, { flips: 5, thresholds: [12] });
    const summary = summarize(analysis, syntheticContext(10));
    const [counted] = summary.granularities[0]?.thresholds ?? [];
    expect(counted).toMatchObject({ nullP99: 0, observedOverP99: null });
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  test("calls random weights a control and no evidence about FLUX.2", async () => {
    const { conclusions } = summarize(await analyze(), syntheticContext(10));
    expect(conclusions.may[0]).toMatch(/random: this run is a control.*no evidence about FLUX\.2/);
  });

  test("says of trained weights that controls are missing", async () => {
    const context = { ...syntheticContext(10), checkpoint: { id: "klein", isSynthesized: false } };
    const { conclusions } = summarize(await analyze(), context);
    expect(conclusions.may.join(" ")).not.toMatch(/random/);
    expect(conclusions.mayNot.join(" ")).toMatch(/no control.* on random weights/);
  });

  test("names the share of MLP channels and the pairs of unequal length", async () => {
    const { conclusions } = summarize(await analyze(), syntheticContext(10));
    expect(conclusions.mayNot.join(" ")).toMatch(/24 of the 36 groups \(66\.7 %\) are MLP channels/);
    expect(conclusions.mayNot.join(" ")).toMatch(/of the 10 pairs differ in their number of tokens/);
  });

  test("an audit of another set is refused by the pair's name", async () => {
    const { audit, ...context } = syntheticContext(10);
    const analysis = await analyze();
    expect(() => summarize(analysis, { ...context, audit: { ...audit, pairs: [] } })).toThrow(/"pair-0"/);
  });
});
