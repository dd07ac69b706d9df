import type { FactorLeftOutSummary, RepetitionsSummary } from "../summary/repetitions-summary.ts";
import type { Summary } from "../summary/summary.ts";
import {
  describeComponents,
  describeRandom,
  describeSurvivors,
  nameFactors,
} from "./describe-repetitions.ts";
import { formatCount, formatShare, formatT } from "./format-number.ts";
import { escapeMarkdown, formatList, formatTable } from "./markdown.ts";

/** Each repetition alone, fixed images and noises as random, each of them left out, and the blocks at each noise level. */
export function formatRepetitions(summary: Summary): string[] {
  const { replicates, repetitions } = summary;
  if (replicates.length === 0) return [];
  return [
    "### By repetition",
    ...formatReplicates(summary),
    ...(repetitions === null
      ? []
      : [
          ...formatRandom(repetitions),
          ...repetitions.leftOut.flatMap(formatLeftOut),
          ...formatNoiseLevels(repetitions, summary.blockThreshold),
        ]),
  ];
}

function formatReplicates({ replicates, blockThreshold }: Summary): string[] {
  return [
    `Every pass was run ${replicates.length} times; the tables above are of the mean over the repetitions. Each alone, and how ` +
      "its t go with those of the mean:",
    formatTable(
      ["fixed image", "noise seed", "σ", `\\|t\\| > ${blockThreshold}`, "max \\|t\\|", "r with the mean"],
      replicates.map(({ reference, noiseSeed, sigma, thresholds, maximum, correlationWithMean }) => [
        reference === null ? "–" : String(reference + 1),
        String(noiseSeed),
        String(sigma),
        formatCount(thresholds[0]?.count ?? 0),
        formatT(maximum),
        correlationWithMean === null ? "–" : formatT(correlationWithMean),
      ]),
    ),
  ];
}

function formatRandom({ random }: RepetitionsSummary): string[] {
  if (random === null) return [];
  return [
    `#### As random: ${nameFactors(random)}`,
    escapeMarkdown(describeComponents(random)),
    formatList(describeRandom(random).map(escapeMarkdown)),
  ];
}

function formatLeftOut(leftOut: FactorLeftOutSummary): string[] {
  const { factor, levels, survivors } = leftOut;
  const named = factor === "reference" ? "fixed image" : factor;
  const thresholds = survivors.map(({ threshold }) => threshold);
  return [
    `#### One ${named} left out`,
    formatTable(
      [
        named,
        ...thresholds.flatMap((threshold) => [
          `\\|t\\| > ${threshold} alone`,
          `\\|t\\| > ${threshold} without it`,
        ]),
      ],
      levels.map(({ level, alone, without }) => [
        String(level),
        ...alone.flatMap((count, place) => [formatCount(count), formatCount(without[place] ?? 0)]),
      ]),
    ),
    formatList(describeSurvivors(leftOut).map(escapeMarkdown)),
  ];
}

function formatNoiseLevels({ noiseLevels }: RepetitionsSummary, threshold: number): string[] {
  const [first] = noiseLevels;
  if (first === undefined) return [];
  return [
    "#### Blocks by noise level",
    `Share of the groups over \\|t\\| = ${threshold} in each block at each σ.`,
    formatTable(
      ["block", ...noiseLevels.map(({ sigma }) => `σ = ${sigma}`)],
      first.shares.map(({ block }, place) => [
        escapeMarkdown(block),
        ...noiseLevels.map(({ shares }) => formatShare(shares[place]?.share ?? 0)),
      ]),
    ),
  ];
}
