import { describe, expect, test } from "vitest";
import { analyzeSmall, smallCaptures, syntheticContext } from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "../statistics/analyze-captures.ts";
import { summarize } from "./summarize.ts";

describe("summarize", () => {
  test("holds the counts and nulls of every granularity as paired-stats computed them", async () => {
    const analysis = await analyzeSmall();
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
    const analysis = await analyzeCaptures(smallCaptures, { flips: 5, thresholds: [12] });
    const summary = summarize(analysis, syntheticContext(10));
    const [counted] = summary.granularities[0]?.thresholds ?? [];
    expect(counted).toMatchObject({ nullP99: 0, observedOverP99: null });
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  test("calls random weights a control and no evidence about FLUX.2", async () => {
    const { conclusions } = summarize(await analyzeSmall(), syntheticContext(10));
    expect(conclusions.may[0]).toMatch(/random: this run is a control.*no evidence about FLUX\.2/);
  });

  test("says of trained weights that controls are missing", async () => {
    const context = { ...syntheticContext(10), checkpoint: { id: "klein", isSynthesized: false } };
    const { conclusions } = summarize(await analyzeSmall(), context);
    expect(conclusions.may.join(" ")).not.toMatch(/random/);
    expect(conclusions.mayNot.join(" ")).toMatch(/no control.* on random weights/);
  });

  test("names the share of MLP channels and the pairs of unequal length", async () => {
    const { conclusions } = summarize(await analyzeSmall(), syntheticContext(10));
    expect(conclusions.mayNot.join(" ")).toMatch(/24 of the 36 groups \(66\.7 %\) are MLP channels/);
    expect(conclusions.mayNot.join(" ")).toMatch(/of the 10 pairs differ in their number of tokens/);
  });

  test("an audit of another set is refused by the pair's name", async () => {
    const { audit, ...context } = syntheticContext(10);
    const analysis = await analyzeSmall();
    expect(() => summarize(analysis, { ...context, audit: { ...audit, pairs: [] } })).toThrow(/"pair-0"/);
  });
});
