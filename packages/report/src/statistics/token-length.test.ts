import { covariateT, gradeCorrelation } from "@measure-plantain/paired-stats";
import { auditPromptSet } from "@measure-plantain/prompts";
import { expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "./analyze-captures.ts";
import { summarize } from "../summary/summarize.ts";
import { examineTokenLength } from "./token-length.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const context = syntheticContext(10);

test("examineTokenLength correlates and regresses as paired-stats does, on the audit's token differences", async () => {
  const analysis = await analyzeCaptures(syntheticCaptures(layout, { pairs: 10 }), { flips: 5 });
  const tokens = context.audit.pairs.map(({ tokens: { difference } }) => difference);
  const differences = analysis.granularities[0]?.differences ?? { data: new Float64Array(), shape: [0, 0] };
  const { t } = covariateT(differences, tokens);
  expect(examineTokenLength(analysis, context.audit)).toEqual({
    r: gradeCorrelation(differences, tokens, { method: "pearson" }).r,
    adjustedT: t,
  });
  expect(summarize(analysis, context).tokenLength).toMatchObject({
    differingPairs: tokens.filter((difference) => difference !== 0).length,
    thresholds: [3, 5].map((threshold) => ({
      threshold,
      count: t.filter((value) => Math.abs(value) > threshold).length,
    })),
  });
});

test("there is nothing to examine where all pairs differ by the same number of tokens", async () => {
  const analysis = await analyzeCaptures(syntheticCaptures(layout, { pairs: 10 }), { flips: 5 });
  const audit = auditPromptSet(context.promptSet, { countTokens: () => 7 });
  expect(examineTokenLength(analysis, audit)).toBeNull();
  expect(summarize(analysis, { ...context, audit }).tokenLength).toBeNull();
});
