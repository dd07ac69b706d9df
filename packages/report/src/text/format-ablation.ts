import { formatP } from "./format-number.ts";
import { granularityUnits } from "./granularity-units.ts";
import {
  ablationStatistics,
  type Ablation,
  type AblationStatistic,
  type SetAblation,
} from "@measure-plantain/probe";

/** What each statistic is called where there is room for two words. */
export const statisticNames: Readonly<Record<AblationStatistic, string>> = {
  contrastMoved: "contrast moved",
  contrastSize: "contrast size",
  disturbance: "disturbance",
};

/** A relative change in percent, to three significant digits: `12.3 %`, `−0.0412 %`. */
export function formatChange(value: number): string {
  const percent = 100 * value;
  const digits =
    percent !== 0 && Math.abs(percent) < 1e-3
      ? percent.toExponential(1)
      : String(Number(percent.toPrecision(3)));
  return `${digits.replace(/^-/, "−")} %`;
}

/** What a granularity's units are called. */
export function nameUnits({ settings: { granularity } }: Ablation): string {
  return granularityUnits[granularity];
}

/** What was put in the place of the units. */
export function describeMethod({ settings: { method } }: Ablation): string {
  switch (method) {
    case "zero":
      return "set to 0";
    case "mean":
      return "set, channel by channel, to their mean over the tokens of all prompts of the pairs that ranked";
    case "resample":
      return "set, channel by channel, to their mean over the tokens of one prompt of another pair, the same in both conditions";
  }
}

/** By which pairs the sets were chosen, and what follows. */
export function describeRanking({ settings: { rankBy }, folds, sets }: Ablation): string {
  const named = sets.some(({ name }) => name === "named")
    ? " Named units are those that the user chose; if this run's pairs suggested them, that is circular."
    : "";
  if (sets.every(({ name }) => name === "named")) return named.trim();
  const counts = folds.map(({ rankedBy }) => rankedBy.length).join(" and ");
  return rankBy === "half"
    ? `The run's pairs were halved at random (${counts}); each half ranked the units that were tried on the other, so no set was tried on a pair that it was chosen by.${named}`
    : `Circular: the units were ranked by the same pairs that they were tried on, so they look stronger than they are. By default, each half of the pairs ranks for the other.${named}`;
}

/** The one sentence that a set's ablation allows. */
export function describeSet({
  name,
  size: count,
  random,
  tests: { contrastMoved, disturbance },
}: SetAblation): string {
  const { observed, nullMean, nullMaximum, p } = contrastMoved;
  const units = `the ${count === 1 ? "" : `${count} `}${name === "named" ? "named" : "strongest"} unit${count === 1 ? "" : "s"}`;
  const verdict =
    p > 0.05
      ? "It was not seen that more of the contrast goes through them than through others like them"
      : disturbance.p > 0.05
        ? "More of the contrast goes through them than through others like them, and no such difference was seen for the prediction as a whole"
        : "More of the contrast goes through them than through others like them; but the prediction as a whole depends on them more, too";
  return (
    `Without ${units}, the contrast between the predictions moves by ${formatChange(observed)} of its length; without as many random ` +
    `units of the same blocks and kinds, by ${formatChange(nullMean)} in the mean of ${random.length} sets and ${formatChange(nullMaximum)} ` +
    `at most (p = ${formatP(p)}). ${verdict}.`
  );
}

/** The result for a terminal. */
export function formatAblation(ablation: Ablation): string {
  const width = 22;
  const header = ["".padEnd(width), "observed", "null mean", "null min", "null max", "p"];
  const lines = ablation.sets.flatMap((set) => [
    `${set.name}: ${set.size} of the ${nameUnits(ablation)}, ${set.random.length} random sets`,
    ...ablationStatistics.map((statistic) => {
      const { observed, nullMean, nullMinimum, nullMaximum, p } = set.tests[statistic];
      const cells = [observed, nullMean, nullMinimum, nullMaximum].map(formatChange);
      return line([`  ${statisticNames[statistic]}`.padEnd(width), ...cells, formatP(p)]);
    }),
    `  ${describeSet(set)}`,
  ]);
  return [line(header), ...lines, describeRanking(ablation)].join("\n");
}

function line([first = "", ...cells]: readonly string[]): string {
  return first + cells.map((cell) => cell.padStart(12)).join("");
}

/** The result as a section of `summary.md`. */
function formatAblationMarkdown(ablation: Ablation): string {
  const { settings, sets, definitions, deviationFromRun } = ablation;
  const rows = sets.flatMap(({ name, size, tests }) =>
    ablationStatistics.map((statistic) => {
      const { observed, nullMean, nullMinimum, nullMaximum, p } = tests[statistic];
      const range = `${formatChange(nullMinimum)} to ${formatChange(nullMaximum)}`;
      return `| ${name} (${size}) | ${statisticNames[statistic]} | ${formatChange(observed)} | ${formatChange(nullMean)} | ${range} | ${formatP(p)} |`;
    }),
  );
  return [
    "## Without these units",
    `${settings.pairs.length} pairs, ${nameUnits(ablation)} ${describeMethod(ablation)}, on their way into the output projections, against ${settings.random} random sets of as many units of the same blocks and kinds (seed ${settings.seed}). Without ablation, the passes give the run's root mean squares again to within ${formatChange(deviationFromRun)}.`,
    describeRanking(ablation),
    [
      "| set (units) | statistic | observed | null mean | null range | p |",
      "| --- | --- | ---: | ---: | ---: | ---: |",
      ...rows,
    ].join("\n"),
    ablationStatistics
      .map((statistic) => `- ${statisticNames[statistic]}: ${definitions[statistic]}.`)
      .join("\n"),
    sets.map((set) => `- ${describeSet(set)}`).join("\n"),
    describeLimits(ablation),
  ]
    .join("\n\n")
    .concat("\n");
}

/** What an ablation does not allow to conclude. */
export function describeLimits({ settings: { method } }: Ablation): string {
  const state = method === "zero" ? "A unit at 0" : "A unit that is the same at every token";
  return (
    `${state} is a state that the model never has, so a change says that the rest of the network depends on the unit, not ` +
    "what it stands for; no change says that it can be done without, not that it holds nothing. One step at σ = 1 is looked " +
    "at, not an image."
  );
}

/** What an ablation adds to `summary.md`; nothing where there is none. */
export function ablationMarkdown(ablation: Ablation | null): string[] {
  return ablation === null ? [] : [formatAblationMarkdown(ablation)];
}
