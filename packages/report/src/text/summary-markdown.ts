import { formatAxes } from "./axis-texts.ts";
import { formatCrossed } from "./crossed-markdown.ts";
import { formatCount, formatMeanCount, formatMeasure, formatP, formatT } from "./format-number.ts";
import { escapeMarkdown, formatCode, formatList, formatTable } from "./markdown.ts";
import type { Summary } from "../summary/summary.ts";
import { formatPlan } from "./plan-markdown.ts";
import { formatPrompts } from "./prompts-markdown.ts";
import { formatResults } from "./results-markdown.ts";

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
  const { promptSet, checkpoint, conclusions } = summary;
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
    ...formatResults(summary),
    ...formatCrossed(summary),
    ...formatAxes(summary),
    ...formatControls(summary),
    ...formatPlan(summary),
    ...formatPrompts(summary),
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
      `unit, and the paired t over the pairs is compared with a sign-flip null.`,
    formatList([
      `Checkpoint: ${escapeMarkdown(checkpoint.id)}${checkpoint.isSynthesized ? " (random weights)" : ""}`,
      `Prompt set: ${escapeMarkdown(promptSet.name)} ${escapeMarkdown(promptSet.version)}, ${pairs} pairs`,
      `Contrast: ${b ?? ""} − ${a ?? ""}, root mean square per unit, paired t over ${pairs} pairs`,
      `Null: ${nullKind}`,
      `Device: ${escapeMarkdown(device)}`,
    ]),
  ];
}

function formatControls({
  controls,
  granularities,
  blockThreshold,
  embeddingDistance: distance,
}: Summary): string[] {
  const own = granularities.find(({ name }) => name === "group");
  if (controls.length === 0)
    return ["## Controls", "None was run beside this run; see the limits for what that leaves open."];
  const rows = controls.flatMap(({ name, granularities: parts, embeddingDistance }) => {
    const groups = parts.find((part) => part.name === "group");
    if (groups === undefined) return [];
    const [difference] = groups.difference?.thresholds ?? [];
    return [
      [
        escapeMarkdown(name),
        embeddingDistance === null ? "–" : formatMeasure(embeddingDistance.median),
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
      `of both contrasts, pair by pair, puts over it. This run has ${formatCount(own?.thresholds[0]?.observed ?? 0)}.` +
      (distance === null
        ? ""
        : ` Its texts move the prompt embedding by ${formatMeasure(distance.median)} (median ‖e_b − e_a‖); a control whose texts move it less is no control of strength.`),
    formatTable(
      ["control", "embedding moved", "groups", "max \\|t\\|", "r of t", "difference", "null p99", "p"],
      rows,
    ),
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
