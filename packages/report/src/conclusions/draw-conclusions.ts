import { confoundNames } from "../summary/confounds.ts";
import { concludeFromBlocks } from "./conclude-from-blocks.ts";
import { concludeFromControls } from "./conclude-from-controls.ts";
import {
  formatCount,
  formatMeanCount,
  formatP,
  formatRatio,
  formatShare,
  formatT,
} from "../text/format-number.ts";
import { concludeFromCrossed } from "./conclude-from-crossed.ts";
import { concludeFromRepetitions } from "./conclude-from-repetitions.ts";
import { concludeFromGrades } from "./conclude-from-grades.ts";
import { describeGranularity, titleGranularity } from "../text/granularity-names.ts";
import type { GranularitySummary, ThresholdSummary } from "../summary/granularity-summary.ts";
import type { Conclusions, Summary } from "../summary/summary.ts";

/** States what may and what may not be concluded from a run. */
export function drawConclusions(results: Omit<Summary, "conclusions">): Conclusions {
  const { checkpoint, granularities } = results;
  const control = checkpoint.isSynthesized
    ? [
        `The weights of ${checkpoint.id} are random: this run is a control. It shows how a network of this shape ` +
          `answers to other words without having learned anything, and is no evidence about FLUX.2.`,
      ]
    : [];
  const blocks = concludeFromBlocks(results);
  const repetitions = concludeFromRepetitions(results);
  const controls = concludeFromControls(results);
  const followed = describeFollowedConfounds(results);
  const crossed = concludeFromCrossed(results);
  return {
    may: [
      ...control,
      ...granularities.flatMap(describeCounts),
      ...blocks.may,
      ...controls.may,
      ...describeHalves(results),
      ...repetitions.may,
      ...concludeFromGrades(results),
      ...crossed.may,
      ...followed.may,
    ],
    mayNot: [
      ...describeConfounds(results),
      ...followed.mayNot,
      ...controls.mayNot,
      ...crossed.mayNot,
      ...blocks.mayNot,
      ...repetitions.mayNot,
      ...describeAccounting(granularities),
      ...describeResolution(results),
    ],
  };
}

function describeCounts(granularity: GranularitySummary): string[] {
  const { thresholds, maximum, survivors, testedUnits, degenerate } = granularity;
  const name = describeGranularity(granularity);
  if (maximum === null || survivors === null)
    return [
      `No unit varies between the pairs among the ${formatCount(degenerate.count)} ${name}: there is nothing to test.`,
    ];
  const [first] = thresholds;
  return [
    `${titleGranularity(granularity)}: ${first === undefined ? "" : describeThreshold(first, testedUnits)}` +
      `${survivors.familyWise === 0 ? "None" : formatCount(survivors.familyWise)} ` +
      `${survivors.familyWise < 2 ? "is" : "are"} significant at a family-wise ` +
      `error of ${survivors.alpha}. The strongest is ${maximum.address} with |t| = ${formatT(maximum.observed)} ` +
      `(family-wise p = ${formatP(maximum.p)}).`,
  ];
}

function describeThreshold(
  { threshold, observed, share, nullP99, observedOverP99, p }: ThresholdSummary,
  testedUnits: number,
): string {
  const count = `${formatCount(observed)} of ${formatCount(testedUnits)} (${formatShare(share)}) are over |t| = ${threshold}`;
  if (observed <= nullP99)
    return `${count}; the 99th percentile of the sign flips is ${formatMeanCount(nullP99)}, no fewer, so the count is what chance gives (p = ${formatP(p)}). `;
  const times = observedOverP99 === null ? "more than" : `${formatRatio(observedOverP99)} as many as`;
  return `${count}, ${times} sign flips reach at their 99th percentile (${formatMeanCount(nullP99)}; p = ${formatP(p)}). `;
}

function describeConfounds({
  audit,
  tokenLength,
  promptSet: { labels },
}: Omit<Summary, "conclusions">): string[] {
  const differing = audit.pairs.filter(({ tokens }) => tokens.difference !== 0).length;
  return [
    `A count beyond the null says that these units answer differently to "${labels.a}" and "${labels.b}" prompts. ` +
      `It does not say why: the prompts differ in their words, and any network that reads text answers to other words.`,
    ...(differing === 0
      ? []
      : [
          `${formatCount(differing)} of the ${formatCount(audit.pairs.length)} pairs differ in their number of tokens, ` +
            `so a part of the effect may be prompt length${describeAdjusted(tokenLength)}.`,
        ]),
  ];
}

function describeAdjusted(tokenLength: Summary["tokenLength"]): string {
  const [first] = tokenLength?.thresholds ?? [];
  if (first === undefined) return "";
  return `; with the token difference regressed out, ${formatCount(first.count)} groups are over |t| = ${first.threshold}`;
}

function describeHalves({ halves }: Omit<Summary, "conclusions">): string[] {
  if (halves === null) return [];
  const { median, nullP99, p } = halves;
  return [
    median > nullP99
      ? `The groups that answer are the same in both halves of the pairs: their t correlate with r = ${formatT(median)} ` +
        `(99th percentile of the null ${formatT(nullP99)}, p = ${formatP(p)}).`
      : `Which groups answer is not seen again in the other half of the pairs: their t correlate with r = ${formatT(median)}, ` +
        `which the null reaches too (99th percentile ${formatT(nullP99)}, p = ${formatP(p)}).`,
  ];
}

function describeFollowedConfounds({ confounds }: Omit<Summary, "conclusions">): Conclusions {
  const [strongest] = [...(confounds?.correlations ?? [])].sort((left, right) => left.p - right.p);
  if (confounds === null || strongest === undefined) return { may: [], mayNot: [] };
  const { confound, spearman, familyWiseP } = strongest;
  const named = `${confoundNames[confound]} (ρ = ${formatT(spearman)}, p = ${formatP(familyWiseP)} over all confounds)`;
  return familyWiseP <= confounds.alpha
    ? {
        may: [],
        mayNot: [`How strongly a pair answers goes with ${named}: a part of the effect may be that.`],
      }
    : {
        may: [
          `How strongly a pair answers follows none of the audited confounds; closest comes ${named}. ` +
            `With ${formatCount(confounds.responses.length)} pairs only a close relation would be seen.`,
        ],
        mayNot: [],
      };
}

function describeAccounting(granularities: readonly GranularitySummary[]): string[] {
  const group = granularities.find(({ name }) => name === "group");
  const mlp = granularities.find(({ name }) => name === "mlp");
  if (group === undefined || mlp === undefined) return [];
  return [
    `A group is no attention head: ${formatCount(mlp.units)} of the ${formatCount(group.units)} groups ` +
      `(${formatShare(mlp.units / group.units)}) are MLP channels, and the others are parts of heads. ` +
      `Neighbouring units are correlated, so a count is not a number of independent findings.`,
  ];
}

function describeResolution({ signFlips: { exact, labellings } }: Omit<Summary, "conclusions">): string[] {
  if (exact || labellings === 0) return [];
  return [
    `With ${formatCount(labellings)} random sign flips the smallest possible p of a count or of the greatest |t| is ` +
      `${formatP(1 / (labellings + 1))}; p says nothing finer than that.`,
  ];
}
