import { formatCount, formatShare, formatT } from "./format-number.ts";
import { titleGranularity } from "./granularity-names.ts";
import { resultRows, survivorRows } from "./result-rows.ts";
import type { AuditSummary, GranularitySummary, Summary } from "./summary.ts";

/** How many blocks the page of Markdown lists. */
const LISTED_BLOCKS = 10;

/** The summary as a page of Markdown: what was run, the results, the audit, and what may be concluded. */
export function formatSummaryMarkdown(summary: Summary): string {
  const { promptSet, checkpoint, pairs, device, signFlips, conclusions } = summary;
  const nullKind = signFlips.exact
    ? `all ${formatCount(signFlips.labellings)} sign flips`
    : `${formatCount(signFlips.labellings)} random sign flips (seed ${signFlips.seed})`;
  return [
    `# ${escapeMarkdown(promptSet.title)}`,
    ...(checkpoint.isSynthesized
      ? ["> **Random weights.** This run is a control, not evidence about FLUX.2."]
      : []),
    list([
      `Checkpoint: ${escapeMarkdown(checkpoint.id)}${checkpoint.isSynthesized ? " (random weights)" : ""}`,
      `Prompt set: ${escapeMarkdown(promptSet.name)} ${escapeMarkdown(promptSet.version)}, ${pairs} pairs`,
      `Contrast: ${escapeMarkdown(promptSet.labels.b)} − ${escapeMarkdown(promptSet.labels.a)}, root mean square per unit, paired t over ${pairs} pairs`,
      `Null: ${nullKind}`,
      `Device: ${escapeMarkdown(device)}`,
    ]),
    "## Results",
    ...summary.granularities.flatMap(formatGranularity),
    ...formatBlocks(summary),
    ...formatStrongest(summary.granularities),
    ...formatAudit(summary.audit, promptSet.labels),
    "## What may be concluded",
    list(conclusions.may.map(escapeMarkdown)),
    "## What may not be concluded",
    list(conclusions.mayNot.map(escapeMarkdown)),
  ]
    .join("\n\n")
    .concat("\n");
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
      : table(
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
      : [list(survivors.map(({ metric, count, share }) => `${metric}: ${count.text} (${share.text})`))]),
    ...(count === 0
      ? []
      : [
          `Not tested, because all differences are equal: ${formatCount(count)} (${named}${count > first.length ? ", …" : ""}).`,
        ]),
  ];
}

function formatBlocks({ blocks, blockThreshold }: Summary): string[] {
  if (blocks.length === 0) return [];
  return [
    "## Strongest blocks",
    table(
      [
        "block",
        `groups with \\|t\\| > ${blockThreshold}`,
        "share",
        "null p99",
        "max \\|t\\|",
        "median \\|d_z\\|",
      ],
      blocks
        .slice(0, LISTED_BLOCKS)
        .map(({ block, overThreshold, testedUnits, share, nullP99Share, maxAbsT, medianAbsDz }) => [
          escapeMarkdown(block),
          `${formatCount(overThreshold)} of ${formatCount(testedUnits)}`,
          formatShare(share),
          nullP99Share === null ? "–" : formatShare(nullP99Share),
          formatT(maxAbsT),
          formatT(medianAbsDz),
        ]),
    ),
  ];
}

function formatStrongest(granularities: readonly GranularitySummary[]): string[] {
  const heads = granularities.find(({ name }) => name === "head");
  const listed = heads ?? granularities[0];
  if (listed === undefined || listed.strongest.length === 0) return [];
  return [
    `## Strongest ${heads === undefined ? "units" : "heads"}`,
    table(
      ["unit", "t", "d_z"],
      listed.strongest.map(({ address, t, cohensDz }) => [`\`${address}\``, formatT(t), formatT(cohensDz)]),
    ),
  ];
}

function formatAudit(
  { verdicts, changes, pairs }: AuditSummary,
  labels: Summary["promptSet"]["labels"],
): string[] {
  const toChange = pairs.flatMap(({ id, changes: own }) =>
    own.map((change) => `${escapeMarkdown(id)}: ${escapeMarkdown(change)}`),
  );
  return [
    "## The prompt pairs",
    `${verdicts.matched} matched, ${verdicts.change} to change, ${verdicts.identical} identical.`,
    ...(changes.length + toChange.length === 0 ? [] : [list([...changes.map(escapeMarkdown), ...toChange])]),
    table(
      ["pair", escapeMarkdown(labels.a), escapeMarkdown(labels.b), "tokens", "verdict"],
      pairs.map(({ id, a, b, tokens, verdict }) => [
        escapeMarkdown(id),
        escapeMarkdown(a),
        escapeMarkdown(b),
        `${tokens.a} / ${tokens.b}`,
        verdict,
      ]),
      5,
    ),
  ];
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** A table; the columns after the first `texts` hold numbers and stand to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(header),
    line(header.map((_, place) => (place < texts ? "---" : "---:"))),
    ...rows.map(line),
  ].join("\n");
}

/** A text that Markdown shows as it is, on one line. */
function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]<#|~&$]/g, (mark) => `\\${mark}`)
    .replaceAll(/\s*[\r\n]+\s*/g, " ")
    .replace(/^(>|[-+](?=\s|$)|\d+(?=[.)](\s|$)))/, "\\$1");
}
