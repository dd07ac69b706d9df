import { describeRarity } from "./describe-rarity.ts";
import { confoundNames } from "../summary/confounds.ts";
import { formatCount, formatMeanCount, formatP, formatShare, formatT } from "./format-number.ts";
import { formatGrades } from "./grades-markdown.ts";
import { titleGranularity } from "./granularity-names.ts";
import { escapeMarkdown, formatCode, formatList, formatTable } from "./markdown.ts";
import { resultRows, survivorRows } from "./result-rows.ts";
import type { GranularitySummary } from "../summary/granularity-summary.ts";
import type { AuditSummary, Summary } from "../summary/summary.ts";

/** How many blocks the page of Markdown lists. */
const LISTED_BLOCKS = 10;

/** What a reader needs to run the same again. */
export interface Reproduction {
  /** The commands that make the run folder again; `null` if none made it. */
  readonly command: string | null;
  /** Of `captures.safetensors`. */
  readonly capturesSha256: string | null;
  /** Versions by package name. */
  readonly packages: Readonly<Record<string, string>>;
  /** The version of Node. */
  readonly node: string;
}

/**
 * The summary as a page of Markdown in the shape of a model card: what it is about as YAML, then what was run, the results,
 * the controls, the prompt pairs, what may and may not be concluded, and how to run the same again.
 */
export function formatSummaryMarkdown(summary: Summary, reproduction: Reproduction): string {
  const { promptSet, checkpoint, conclusions, granularities } = summary;
  return [
    formatFrontMatter(summary),
    `# ${escapeMarkdown(promptSet.title)}`,
    ...(checkpoint.isSynthesized
      ? ["> **Random weights.** This run is a control, not evidence about FLUX.2."]
      : []),
    ...summary.notices.map(({ title, text }) => `> **${escapeMarkdown(title)}.** ${escapeMarkdown(text)}`),
    "## What was run",
    ...describeRun(summary),
    "## Results",
    ...granularities.flatMap(formatGranularity),
    ...formatBlocks(summary),
    ...formatStrongest(granularities),
    ...formatGrades(summary),
    ...formatSegments(summary),
    ...formatReplicates(summary),
    ...formatControls(summary),
    ...formatAudit(summary.audit, promptSet.labels),
    ...formatConfounds(summary),
    "## What may be concluded",
    formatList(conclusions.may.map(escapeMarkdown)),
    "## Limits: what may not be concluded",
    formatList(conclusions.mayNot.map(escapeMarkdown)),
    ...formatReproduction(reproduction),
  ]
    .join("\n\n")
    .concat("\n");
}

/** A model of the hub with the commit that was run, as a run's settings name it. */
const HUB_MODEL = /^([\w.-]+\/[\w.-]+)@([0-9a-f]{40})$/;

/** What the hub reads of a card; of the licence nothing is known here, which is that of whoever publishes the run. */
function formatFrontMatter({ checkpoint, promptSet }: Summary): string {
  const [, model] = HUB_MODEL.exec(checkpoint.id) ?? [];
  const tags = ["interpretability", "attention-probe", "flux", "text-to-image", "measure-plantain"];
  return [
    "---",
    "library_name: measure-plantain",
    "tags:",
    ...tags.map((tag) => `- ${tag}`),
    ...(model === undefined || checkpoint.isSynthesized ? [] : [`base_model: ${model}`]),
    // JSON texts are YAML texts
    `model_name: ${JSON.stringify(`${promptSet.name} probe`)}`,
    "---",
  ].join("\n");
}

function describeRun({ promptSet, checkpoint, pairs, device, signFlips }: Summary): string[] {
  const nullKind = signFlips.exact
    ? `all ${formatCount(signFlips.labellings)} sign flips`
    : `${formatCount(signFlips.labellings)} random sign flips (seed ${signFlips.seed})`;
  const [a, b] = [promptSet.labels.a, promptSet.labels.b].map(escapeMarkdown);
  return [
    `Prompt pairs of two conditions (${a} against ${b}), each prompt for one inference step with the same ` +
      `fixed image as its condition. The input of every attention output projection is reduced to a root mean square per ` +
      `unit, and a paired t over the pairs is held against random exchanges of the sides.`,
    formatList([
      `Checkpoint: ${escapeMarkdown(checkpoint.id)}${checkpoint.isSynthesized ? " (random weights)" : ""}`,
      `Prompt set: ${escapeMarkdown(promptSet.name)} ${escapeMarkdown(promptSet.version)}, ${pairs} pairs`,
      `Contrast: ${b ?? ""} − ${a ?? ""}, root mean square per unit, paired t over ${pairs} pairs`,
      `Null: ${nullKind}`,
      `Device: ${escapeMarkdown(device)}`,
    ]),
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

function formatBlocks({ blocks, blockThreshold }: Summary): string[] {
  if (blocks.length === 0) return [];
  return [
    "### Strongest blocks",
    formatTable(
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
    `### Strongest ${heads === undefined ? "units" : "heads"}`,
    formatTable(
      ["unit", "t", "d_z"],
      listed.strongest.map(({ address, t, cohensDz }) => [`\`${address}\``, formatT(t), formatT(cohensDz)]),
    ),
  ];
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

function formatReplicates({ replicates, blockThreshold }: Summary): string[] {
  if (replicates.length === 0) return [];
  return [
    "### By repetition",
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

function formatControls({ controls, granularities, blockThreshold }: Summary): string[] {
  const own = granularities.find(({ name }) => name === "group");
  if (controls.length === 0)
    return ["## Controls", "None was run beside this run; see the limits for what that leaves open."];
  const rows = controls.flatMap(({ name, granularities: parts }) => {
    const groups = parts.find((part) => part.name === "group");
    if (groups === undefined) return [];
    const [difference] = groups.difference?.thresholds ?? [];
    return [
      [
        escapeMarkdown(name),
        formatCount(groups.thresholds[0]?.observed ?? 0),
        groups.maximum === null ? "–" : formatT(groups.maximum.observed),
        groups.correlationOfT === null ? "–" : formatT(groups.correlationOfT),
        difference === undefined ? "–" : formatCount(difference.observed),
        difference === undefined ? "–" : formatMeanCount(difference.nullP99),
        difference === undefined ? "–" : formatP(difference.p),
      ],
    ];
  });
  return [
    "## Controls",
    `Groups over \\|t\\| = ${blockThreshold} in each control, how its t go with this run's, and how many groups the difference ` +
      `of both contrasts, pair by pair, puts over it. This run has ${formatCount(own?.thresholds[0]?.observed ?? 0)}.`,
    formatTable(["control", "groups", "max \\|t\\|", "r of t", "difference", "null p99", "p"], rows),
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

function formatReproduction({ command, capturesSha256, packages, node }: Reproduction): string[] {
  return [
    "## How to reproduce",
    ...(command === null ? [] : [formatCode(command)]),
    formatList([
      ...Object.entries(packages).map(([name, version]) => `\`${name}\` ${escapeMarkdown(version)}`),
      `Node ${escapeMarkdown(node)}`,
      ...(capturesSha256 === null ? [] : [`SHA-256 of \`captures.safetensors\`: \`${capturesSha256}\``]),
    ]),
    "The same settings on the same kind of device write the same captures. `measure-plantain verify` computes every number " +
      "on this page anew from them.",
  ];
}
