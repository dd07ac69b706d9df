import { formatCount, formatMeanCount, formatP, formatRatio, formatShare, formatT } from "./format-number.ts";
import { describeGranularity } from "./granularity-names.ts";
import type { GranularitySummary, Summary } from "./summary.ts";

/** What a run allows to say, and what it does not: whole sentences. */
export interface Conclusions {
  readonly may: readonly string[];
  readonly mayNot: readonly string[];
}

/** Family-wise significance that the sentences speak of. */
const ALPHA = 0.05;

/** States what may and what may not be concluded from a run. */
export function drawConclusions(results: Omit<Summary, "conclusions">): Conclusions {
  const { checkpoint, granularities } = results;
  const control = checkpoint.isSynthesized
    ? [
        `The weights of ${checkpoint.id} are random: this run is a control. It shows how a network of this shape ` +
          `answers to other words without having learned anything, and is no evidence about FLUX.2.`,
      ]
    : [];
  return {
    may: [...control, ...granularities.flatMap(describeCounts)],
    mayNot: [
      ...describeConfounds(results),
      ...describeMissingControls(results),
      ...describeAccounting(granularities),
      ...describeResolution(results),
    ],
  };
}

function describeCounts(granularity: GranularitySummary): string[] {
  const { thresholds, maximum, testedUnits, degenerate } = granularity;
  const name = describeGranularity(granularity);
  if (maximum === null)
    return [
      `No unit varies between the pairs among the ${formatCount(degenerate.count)} ${name}: there is nothing to test.`,
    ];
  const counts = thresholds.map(
    ({ threshold, observed, share, nullP99, observedOverP99, p }) =>
      `${formatCount(observed)} (${formatShare(share)}) over |t| = ${threshold}, ` +
      (observed > nullP99
        ? `${observedOverP99 === null ? "above" : formatRatio(observedOverP99)} the 99th percentile of the sign-flip null (${formatMeanCount(nullP99)}; p = ${formatP(p)})`
        : `which the sign-flip null reaches too (99th percentile ${formatMeanCount(nullP99)}; p = ${formatP(p)})`),
  );
  const verdict = maximum.p <= ALPHA ? "which is" : "which is not";
  return [
    `Of ${formatCount(testedUnits)} ${name}: ${[
      ...counts,
      `the greatest |t| is ${formatT(maximum.observed)} at ${maximum.address}, ${verdict} significant at family-wise ${ALPHA} (p = ${formatP(maximum.p)})`,
    ].join("; ")}.`,
  ];
}

function describeConfounds({ audit, promptSet: { labels } }: Omit<Summary, "conclusions">): string[] {
  const differing = audit.pairs.filter(({ tokens }) => tokens.difference !== 0).length;
  return [
    `A count beyond the null says that these units answer differently to "${labels.a}" and "${labels.b}" prompts. ` +
      `It does not say why: the prompts differ in their words, and any network that reads text answers to other words.`,
    ...(differing === 0
      ? []
      : [
          `${formatCount(differing)} of the ${formatCount(audit.pairs.length)} pairs differ in their number of tokens, ` +
            `so a part of the effect may be prompt length.`,
        ]),
  ];
}

function describeMissingControls({ checkpoint }: Omit<Summary, "conclusions">): string[] {
  return [
    checkpoint.isSynthesized
      ? `A run on trained weights has to exceed this one before it says anything about what the model has learned.`
      : `This run alone has no control: before it counts as evidence of a represented quantity it has to exceed the same ` +
        `probe on random weights and on matched prompt sets (paraphrases, another attribute, numerals without the claim).`,
  ];
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
    `With ${formatCount(labellings)} random sign flips the smallest possible p is ${formatP(1 / (labellings + 1))}; ` +
      `p says nothing finer than that.`,
  ];
}
