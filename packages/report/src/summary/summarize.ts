import { type PromptSetAudit, promptText } from "@measure-plantain/prompts";
import { median } from "d3-array";
import type { Analysis } from "../statistics/analyze-captures.ts";
import { examineTokenLength } from "../statistics/token-length.ts";
import { drawConclusions } from "../conclusions/draw-conclusions.ts";
import { summarizeBlocks, summarizeStrongestBlock } from "./block-summary.ts";
import { summarizeConfounds } from "./confounds.ts";
import { type SummarizedControl, summarizeControl } from "./control-summary.ts";
import { summarizeAxis } from "./axis-summary.ts";
import { summarizeCrossed } from "./crossed-summary.ts";
import { summarizeGrades } from "./grades-summary.ts";
import { summarizeGranularity } from "./granularity-summary.ts";
import { listNotices } from "./notices.ts";
import { summarizeRepetitions } from "./repetitions-summary.ts";
import { summarizeTopUnits } from "./top-units-summary.ts";
import type { SummaryContext } from "./summary-context.ts";
import type { AuditSummary, DistanceSummary, HalvesSummary, Summary, TokenLengthSummary } from "./summary.ts";
import { valueAt } from "../reading.ts";

/** The results of a run in brief: plain data without infinities, so that JSON keeps all of it. */
export function summarize(
  analysis: Analysis,
  context: SummaryContext,
  controls: readonly SummarizedControl[] = [],
): Summary {
  const { checkpoint, device, promptSet, audit } = context;
  const { name, version, title, labels } = promptSet;
  const signFlip = analysis.granularities.find((granularity) => granularity.signFlip !== null)?.signFlip;
  const results: Omit<Summary, "conclusions"> = {
    schemaVersion: 1,
    checkpoint,
    device,
    promptSet: { name, version, title, labels, ...(promptSet.controls && { controls: promptSet.controls }) },
    pairs: analysis.pairs,
    notices: [
      ...listNotices(context),
      ...controls.flatMap(({ name, summary: { notices } }) =>
        notices.map(({ title, text }) => ({ title: `Control ${name}: ${title}`, text })),
      ),
    ],
    signFlips: {
      labellings: signFlip?.labellings ?? 0,
      exact: analysis.flips === "exact",
      seed: analysis.seed,
    },
    granularities: analysis.granularities.map(summarizeGranularity),
    blocks: summarizeBlocks(analysis),
    strongestBlock: summarizeStrongestBlock(analysis),
    blockThreshold: analysis.blockThreshold,
    tokenLength: summarizeTokenLength(analysis, audit),
    halves: summarizeHalves(analysis),
    topUnits: summarizeTopUnits(analysis),
    grades: summarizeGrades(analysis),
    axes: analysis.axis.map(summarizeAxis),
    embeddingDistance: summarizeDistances(analysis),
    crossed: analysis.crossed && summarizeCrossed(analysis.crossed),
    segments: analysis.segments.map(({ name, groups }) => ({
      name,
      groups: summarizeGranularity(groups),
    })),
    replicates: analysis.replicates.map(({ counts, maximum, correlationWithMean }, place) => {
      const replicate = context.replicates?.[place];
      if (replicate === undefined)
        throw new RangeError(`summary: nothing is known of repetition ${place + 1}; give the run's settings`);
      const thresholds = analysis.thresholds.map((threshold, k) => ({
        threshold,
        count: valueAt(counts, k),
      }));
      return { ...replicate, thresholds, maximum, correlationWithMean };
    }),
    repetitions: summarizeRepetitions(analysis, context),
    audit: summarizeAudit(context),
    confounds: summarizeConfounds(analysis, audit),
    controls: controls.map(summarizeControl),
  };
  return { ...results, conclusions: drawConclusions(results) };
}

function summarizeTokenLength(analysis: Analysis, audit: PromptSetAudit): TokenLengthSummary | null {
  const examined = examineTokenLength(analysis, audit);
  if (examined === null) return null;
  return {
    differingPairs: audit.pairs.filter(({ tokens }) => tokens.difference !== 0).length,
    medianAbsR: median(examined.r, Math.abs) ?? 0,
    thresholds: analysis.thresholds.map((threshold) => ({
      threshold,
      count: examined.adjustedT.filter((t) => Math.abs(t) > threshold).length,
    })),
  };
}

function summarizeDistances({ embeddingDistances }: Analysis): DistanceSummary | null {
  if (embeddingDistances === null || embeddingDistances.length === 0) return null;
  return {
    median: median(embeddingDistances) ?? 0,
    least: Math.min(...embeddingDistances),
    greatest: Math.max(...embeddingDistances),
  };
}

function summarizeHalves({ halves }: Analysis): HalvesSummary | null {
  if (halves?.nullOfT === undefined) return null;
  const { ofT, nullOfT } = halves;
  const { median, lowerQuartile, upperQuartile } = ofT;
  return {
    splits: ofT.r.length,
    median,
    lowerQuartile,
    upperQuartile,
    nullP99: nullOfT.null.p99,
    p: nullOfT.p,
  };
}

function summarizeAudit({ promptSet, audit, wordCounts }: SummaryContext): AuditSummary {
  const audited = new Map(audit.pairs.map((pair) => [pair.id, pair]));
  return {
    verdicts: audit.verdicts,
    direction: audit.direction,
    ...(audit.cut && { cut: audit.cut }),
    ...(wordCounts && { wordCounts }),
    changes: audit.changes,
    pairs: promptSet.pairs.map(({ id, a, b }) => {
      const pair = audited.get(id);
      if (pair === undefined)
        throw new RangeError(
          `summary: expected an audit of the pair "${id}", received none; audit this set again`,
        );
      const { tokens, wordClass, verdict, changes } = pair;
      const rarity = wordClass && { wordClass };
      return { id, a: promptText(a), b: promptText(b), tokens, ...rarity, verdict, changes };
    }),
  };
}
