import {
  formatCount,
  formatMeanCount,
  formatMeasure,
  formatP,
  formatShare,
  formatT,
} from "../text/format-number.ts";
import { ALPHA } from "../statistics/alpha.ts";
import type { GranularitySummary } from "../summary/granularity-summary.ts";
import type { Conclusions, ControlGranularity, ControlSummary, Summary } from "../summary/summary.ts";

/** What of a summary the controls are held against. */
type Results = Pick<Summary, "checkpoint" | "controls" | "granularities" | "promptSet" | "embeddingDistance">;

/** One control at the granularity that is spoken of, beside the run at the same. */
interface Beside {
  readonly control: ControlSummary;
  readonly groups: ControlGranularity;
  readonly threshold: number;
  /** Groups over the threshold, in the run and in the control. */
  readonly here: number;
  readonly there: number;
}

/** Says of every control what it allows to conclude or forbids, and which controls were not run. */
export function concludeFromControls(results: Results): Conclusions {
  const beside = results.controls.flatMap((control) => standBeside(control, results.granularities));
  const ofKind = (kind: ControlSummary["kind"]): Beside[] =>
    beside.filter(({ control }) => control.kind === kind);
  const parts = [
    concludeFromWeights(ofKind("weights"), results),
    ...ofKind("base").map((control) => concludeFromBase(control, results)),
    ...ofKind("prompts").map((control) => concludeFromPrompts(control, results)),
    ...ofKind("settings").map(concludeFromSettings),
    ...ofKind("prompts").map((control) => concludeFromDistance(control, results)),
  ];
  return {
    may: parts.flatMap(({ may }) => may),
    mayNot: [...parts.flatMap(({ mayNot }) => mayNot), ...nameMissing(results)],
  };
}

function standBeside(control: ControlSummary, granularities: readonly GranularitySummary[]): Beside[] {
  const own = granularities.find(({ name }) => name === "group");
  const groups = control.granularities.find(({ name }) => name === "group");
  const [first] = own?.thresholds ?? [];
  if (groups === undefined || first === undefined) return [];
  const { threshold, observed } = first;
  // A control of which no unit varies has no counts: none of its units is over a threshold.
  const there = groups.thresholds.find((tested) => tested.threshold === threshold)?.observed ?? 0;
  return [{ control, groups, threshold, here: observed, there }];
}

function concludeFromWeights(controls: readonly Beside[], { checkpoint }: Results): Conclusions {
  const [first] = controls;
  if (first === undefined) return nothing;
  const { threshold, here } = first;
  const counts = controls.map(({ there }) => formatCount(there));
  const seeds = controls.length === 1 ? "1 seed" : `${controls.length} seeds`;
  const found = `Of random weights of the same shape (${seeds}), ${joinWords(counts)} groups are over |t| = ${threshold}`;
  if (checkpoint.isSynthesized)
    return {
      ...nothing,
      may: [
        `${found}, of the random weights of this run ${formatCount(here)}: such counts need no training.`,
      ],
    };
  const reaching = controls.filter(({ there }) => there >= here).length;
  const p = `p = ${formatP((reaching + 1) / (controls.length + 1))}, the smallest that ${seeds} can give`;
  return reaching === 0
    ? {
        ...nothing,
        may: [
          `${found}, of this run ${formatCount(here)}: more than a network of this shape gives without training (${p}).`,
        ],
      }
    : {
        ...nothing,
        mayNot: [
          `${found}, of this run ${formatCount(here)}: no more than a network of this shape may give without training, so ` +
            `the count says nothing of what the model has learned.`,
        ],
      };
}

/** What the adapters changed. */
function concludeFromBase(
  { control, groups, threshold, here, there }: Beside,
  { checkpoint }: Pick<Results, "checkpoint">,
): Conclusions {
  const { correlationOfT, difference } = groups;
  const alike = correlationOfT === null ? "" : `; t correlate with r = ${formatT(correlationOfT)}`;
  const found = `Without its adapters, ${checkpoint.id} puts ${countGroups(there)} over |t| = ${threshold}, with them ${formatCount(here)}${alike}`;
  const compared = difference?.thresholds.find((tested) => tested.threshold === threshold);
  if (compared === undefined)
    return {
      ...nothing,
      mayNot: [`${found}. The difference is not tested: ${control.unpaired ?? "nothing in it varies"}.`],
    };
  const { observed, nullP99, p } = compared;
  const tested =
    `${found}; the difference of both contrasts, pair by pair, puts ${formatCount(observed)} over it (99th percentile of its ` +
    `null ${formatMeanCount(nullP99)}, p = ${formatP(p)})`;
  return p <= ALPHA
    ? { ...nothing, may: [`${tested}: the adapters change how the units respond to the contrast.`] }
    : {
        ...nothing,
        mayNot: [`${tested}: that the adapters change how the units respond to the contrast does not show.`],
      };
}

function concludeFromPrompts(
  { control, groups, threshold, here, there }: Beside,
  { promptSet }: Results,
): Conclusions {
  const { name, labels } = control.promptSet;
  const counts = `${countGroups(there)} over |t| = ${threshold}, this run ${formatCount(here)}`;
  const kind = isDerived(name, "identical")
    ? "in nothing but their noise"
    : isDerived(name, "shuffled")
      ? "in their words, but not in the contrast"
      : (promptSet.controls?.find(({ set }) => set === name)?.differs ??
        `as "${labels.b}" from "${labels.a}"`);
  const found = `Pairs that differ ${kind} (${name}) put ${counts}`;
  const compared = groups.difference?.thresholds.find((tested) => tested.threshold === threshold);
  if (compared === undefined)
    return {
      ...nothing,
      mayNot: [
        `${found}. The counts stand side by side and their difference is not tested: ${control.unpaired ?? "nothing in it varies"}.`,
      ],
    };
  const { observed, nullP99, p } = compared;
  const difference =
    `the difference of both contrasts, pair by pair, puts ${formatCount(observed)} over it (99th percentile of its ` +
    `null ${formatMeanCount(nullP99)}, p = ${formatP(p)})`;
  if (here > there && p <= ALPHA)
    return {
      ...nothing,
      may: [`${found}; ${difference}: what this run shows is more than what that control shows.`],
    };
  return {
    ...nothing,
    mayNot: [
      here > there
        ? `${found}; ${difference}: this run's answer is not told apart from the answer to that control.`
        : `${found}: no more than the control, so the count is no sign of "${promptSet.labels.b}" against "${promptSet.labels.a}".`,
    ],
  };
}

/** A control whose texts move the embedding less than this share of what the run's do is no control of strength. */
const LEAST_DISTANCE = 0.9;

function concludeFromDistance(
  { control, groups, threshold }: Beside,
  { embeddingDistance }: Results,
): Conclusions {
  const { name } = control.promptSet;
  const there = control.embeddingDistance;
  if (embeddingDistance === null || there === null || isDerived(name, "identical")) return nothing;
  const share = embeddingDistance.median > 0 ? there.median / embeddingDistance.median : 1;
  if (share >= LEAST_DISTANCE) return nothing;
  const equal = groups.atEqualDistance?.thresholds.find((tested) => tested.threshold === threshold);
  const atEqualDistance =
    equal === undefined
      ? ""
      : ` With the distances regressed out, the difference of both contrasts puts ${countGroups(equal.observed)} over |t| = ${threshold} ` +
        `(99th percentile of its null ${formatMeanCount(equal.nullP99)}, p = ${formatP(equal.p)}).`;
  return {
    ...nothing,
    mayNot: [
      `The texts of ${name} move the prompt embedding ${formatShare(share)} as far as those of this run (medians over the pairs, ` +
        `${formatMeasure(there.median)} and ${formatMeasure(embeddingDistance.median)}): that it shows less may come of that, so it ` +
        `is no control of strength.${atEqualDistance}`,
    ],
  };
}

function concludeFromSettings({ control, groups, threshold, here, there }: Beside): Conclusions {
  const { correlationOfT, top } = groups;
  const alike = correlationOfT === null ? "" : `; t correlate with r = ${formatT(correlationOfT)}`;
  return {
    ...nothing,
    may: [
      `The same probe with other settings (${control.name}) puts ${countGroups(there)} over |t| = ${threshold}, this ` +
        `run ${formatCount(here)}${alike}, and ${formatCount(top.shared)} of the ${formatCount(top.compared)} strongest ` +
        `groups are the same (by chance ${formatMeanCount(top.expectedByChance)}).`,
    ],
  };
}

function nameMissing({ checkpoint, controls, promptSet }: Results): string[] {
  if (checkpoint.isSynthesized)
    return [
      `A run on trained weights has to exceed this one before it says anything about what the model has learned.`,
    ];
  const matched = promptSet.controls ?? [];
  if (controls.length === 0) {
    const asked = [
      "random weights",
      ...matched.map(({ set, differs }) => `pairs that differ ${differs} (${set})`),
    ];
    return [
      `This run alone has no control: before it counts as evidence it has to exceed the same probe on ${asked.join("; on ")}.`,
    ];
  }
  const sets = controls.filter(({ kind }) => kind === "prompts").map(({ promptSet }) => promptSet.name);
  const missing = [
    ...(controls.some(({ kind }) => kind === "weights")
      ? []
      : [
          "random weights were not run as a control, so this run does not exclude that such counts need no training",
        ]),
    ...matched.flatMap(({ set, differs, rulesOut }) =>
      sets.includes(set)
        ? []
        : [
            `pairs that differ ${differs} (${set}) were not run as a control, so this run does not exclude that ${rulesOut}`,
          ],
    ),
  ];
  return missing.map((sentence) => `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`);
}

/** Whether a set was made from the run's own by that derivation, under its plain or its long name. */
function isDerived(name: string, derivation: "identical" | "shuffled"): boolean {
  return name === derivation || name.endsWith(`-${derivation}`);
}

function countGroups(count: number): string {
  return count === 1 ? "1 group" : `${formatCount(count)} groups`;
}

function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

const nothing: Conclusions = { may: [], mayNot: [] };
