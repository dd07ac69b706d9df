import { describeRarity } from "./describe-rarity.ts";
import { confoundNames } from "../summary/confounds.ts";
import { formatP, formatT } from "./format-number.ts";
import { escapeMarkdown, formatList, formatTable } from "./markdown.ts";
import type { AuditSummary, Summary } from "../summary/summary.ts";

/** The audited pairs, and what their responses go with. */
export function formatPrompts(summary: Summary): string[] {
  return [...formatAudit(summary.audit, summary.promptSet.labels), ...formatConfounds(summary)];
}

function formatAudit(
  { verdicts, changes, pairs, direction, wordCounts }: AuditSummary,
  labels: Summary["promptSet"]["labels"],
): string[] {
  const toChange = pairs.flatMap(({ id, changes: own }) =>
    own.map((change) => `${escapeMarkdown(id)}: ${escapeMarkdown(change)}`),
  );
  return [
    "## Prompt pairs",
    `${verdicts.matched} matched, ${verdicts.change} to change, ${verdicts.identical} identical.`,
    ...describeRarity(direction, { labels, wordCounts }).map(escapeMarkdown),
    ...(changes.length + toChange.length === 0
      ? []
      : [formatList([...changes.map(escapeMarkdown), ...toChange])]),
    formatTable(
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

function formatConfounds({ confounds }: Summary): string[] {
  if (confounds === null) return [];
  return [
    "### What the answers go with",
    "How strongly each pair answers, against what the audit counts in it (r, rank correlation ρ, its p, and that p after " +
      "Holm). A pair's response is the mean over the groups of its difference, in standard deviations of the group, counted " +
      "positive where it goes the way that the other pairs go on average.",
    formatTable(
      ["confound", "r", "ρ", "p", "p, Holm"],
      confounds.correlations.map(({ confound, pearson, spearman, p, familyWiseP }) => [
        confoundNames[confound],
        formatT(pearson),
        formatT(spearman),
        formatP(p),
        formatP(familyWiseP),
      ]),
    ),
    ...(confounds.constant.length === 0
      ? []
      : [`The same in every pair: ${confounds.constant.map((name) => confoundNames[name]).join("; ")}.`]),
  ];
}
