import { describeStrongestBlock } from "./describe-strongest-block.ts";
import { formatCount, formatMeanCount, formatP, formatShare, formatT } from "./format-number.ts";
import { formatGrades } from "./grades-markdown.ts";
import { titleGranularity } from "./granularity-names.ts";
import { escapeMarkdown, formatList, formatTable } from "./markdown.ts";
import { formatRepetitions } from "./repetitions-markdown.ts";
import { resultRows, survivorRows } from "./result-rows.ts";
import type { GranularitySummary } from "../summary/granularity-summary.ts";
import type { Summary } from "../summary/summary.ts";
import { formatTopUnits } from "./top-units-markdown.ts";

/** How many blocks the page of Markdown lists. */
const LISTED_BLOCKS = 10;

/** What the units show: every granularity, the strongest of blocks and heads, token segments and repetitions apart. */
export function formatResults(summary: Summary): string[] {
  return [
    ...summary.granularities.flatMap(formatGranularity),
    ...formatBlocks(summary),
    ...formatStrongest(summary.granularities),
    ...formatTopUnits(summary),
    ...formatGrades(summary),
    ...formatSegments(summary),
    ...formatRepetitions(summary),
  ];
}

function formatGranularity(granularity: GranularitySummary): string[] {
  const rows = resultRows(granularity);
  const survivors = survivorRows(granularity);
  const { count, first } = granularity.degenerate;
  const named = first.map((address) => `\`${address}\``).join(", ");
  return [
    `### ${titleGranularity(granularity)}: ${formatCount(granularity.units)}`,
    rows.length === 0
      ? "No unit varies between the pairs: there is nothing to test."
      : formatTable(
          ["metric", "observed", "null mean", "null p99", "observed / p99", "p"],
          rows.map(({ metric, observed, share, nullMean, nullP99, observedOverP99, p }) => [
            escapeMarkdown(metric),
            share === null ? observed.text : `${observed.text} (${share.text})`,
            nullMean.text,
            nullP99.text,
            observedOverP99.text,
            p.text,
          ]),
        ),
    ...(survivors.length === 0
      ? []
      : [
          formatList(survivors.map(({ metric, count, share }) => `${metric}: ${count.text} (${share.text})`)),
        ]),
    ...(count === 0
      ? []
      : [
          `Not tested, because all differences are equal: ${formatCount(count)} (${named}${count > first.length ? ", …" : ""}).`,
        ]),
  ];
}

function formatBlocks(summary: Summary): string[] {
  const { blocks, blockThreshold } = summary;
  const described = describeStrongestBlock(summary);
  if (blocks.length === 0) return [];
  return [
    "### Blocks of the largest shares",
    ...(described === null ? [] : [escapeMarkdown(described)]),
    formatTable(
      [
        "block",
        `groups with \\|t\\| > ${blockThreshold}`,
        "share",
        "null p99",
        "family-wise p",
        "first in",
        "max \\|t\\|",
        "median \\|d_z\\|",
      ],
      blocks
        .slice(0, LISTED_BLOCKS)
        .map(({ block, overThreshold, testedUnits, share, nullP99Share, familyWiseP, first, ...row }) => [
          escapeMarkdown(block),
          `${formatCount(overThreshold)} of ${formatCount(testedUnits)}`,
          formatShare(share),
          nullP99Share === null ? "–" : formatShare(nullP99Share),
          familyWiseP === null ? "–" : formatP(familyWiseP),
          first === null ? "–" : formatShare(first),
          formatT(row.maxAbsT),
          formatT(row.medianAbsDz),
        ]),
    ),
  ];
}

function formatStrongest(granularities: readonly GranularitySummary[]): string[] {
  const heads = granularities.find(({ name }) => name === "head");
  const listed = heads ?? granularities[0];
  if (listed === undefined || listed.strongest.length === 0) return [];
  return [
    `### Strongest ${heads === undefined ? "units" : "heads"}`,
    formatTable(
      ["unit", "t", "d_z"],
      listed.strongest.map(({ address, t, cohensDz }) => [`\`${address}\``, formatT(t), formatT(cohensDz)]),
    ),
  ];
}

function formatSegments({ segments, blockThreshold }: Summary): string[] {
  if (segments.length === 0) return [];
  return [
    "### By tokens",
    "The groups' root mean squares over one part of the tokens at a time. A group that sees none of them is not tested.",
    formatTable(
      ["tokens", "groups tested", `\\|t\\| > ${blockThreshold}`, "null p99", "p", "max \\|t\\|", "p"],
      segments.map(({ name, groups: { testedUnits, thresholds, maximum } }) => {
        const [first] = thresholds;
        return [
          name,
          formatCount(testedUnits),
          first === undefined ? "–" : `${formatCount(first.observed)} (${formatShare(first.share)})`,
          first === undefined ? "–" : formatMeanCount(first.nullP99),
          first === undefined ? "–" : formatP(first.p),
          maximum === null ? "–" : formatT(maximum.observed),
          maximum === null ? "–" : formatP(maximum.p),
        ];
      }),
    ),
  ];
}
