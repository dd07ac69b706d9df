import { formatP } from "./format-number.ts";
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
  return { group: "groups", head: "real attention heads", mlp: "MLP groups" }[granularity];
}

/** The one sentence that a set's ablation allows. */
export function describeSet({
  name,
  set,
  random,
  tests: { contrastMoved, disturbance },
}: SetAblation): string {
  const { observed, nullMean, nullMaximum, p } = contrastMoved;
  const count = set.units.length;
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
    `${set.name}: ${set.set.units.length} of the ${nameUnits(ablation)}, ${set.random.length} random sets`,
    ...ablationStatistics.map((statistic) => {
      const { observed, nullMean, nullMinimum, nullMaximum, p } = set.tests[statistic];
      const cells = [observed, nullMean, nullMinimum, nullMaximum].map(formatChange);
      return line([`  ${statisticNames[statistic]}`.padEnd(width), ...cells, formatP(p)]);
    }),
    `  ${describeSet(set)}`,
  ]);
  return [line(header), ...lines].join("\n");
}

function line([first = "", ...cells]: readonly string[]): string {
  return first + cells.map((cell) => cell.padStart(12)).join("");
}

/** The result as a section of `summary.md`. */
function formatAblationMarkdown(ablation: Ablation): string {
  const { settings, sets, definitions, deviationFromRun } = ablation;
  const rows = sets.flatMap(({ name, set, tests }) =>
    ablationStatistics.map((statistic) => {
      const { observed, nullMean, nullMinimum, nullMaximum, p } = tests[statistic];
      const range = `${formatChange(nullMinimum)} to ${formatChange(nullMaximum)}`;
      return `| ${name} (${set.units.length}) | ${statisticNames[statistic]} | ${formatChange(observed)} | ${formatChange(nullMean)} | ${range} | ${formatP(p)} |`;
    }),
  );
  return [
    "## Without these units",
    `${settings.pairs.length} pairs, ${nameUnits(ablation)} set to 0 on their way into the output projections, against ${settings.random} random sets of as many units of the same blocks and kinds (seed ${settings.seed}). Without ablation, the passes give the run's root mean squares again to within ${formatChange(deviationFromRun)}.`,
    [
      "| set (units) | statistic | observed | null mean | null range | p |",
      "| --- | --- | ---: | ---: | ---: | ---: |",
      ...rows,
    ].join("\n"),
    ablationStatistics
      .map((statistic) => `- ${statisticNames[statistic]}: ${definitions[statistic]}.`)
      .join("\n"),
    sets.map((set) => `- ${describeSet(set)}`).join("\n"),
    ABLATION_LIMITS,
  ]
    .join("\n\n")
    .concat("\n");
}

/** What an ablation does not allow to conclude. */
export const ABLATION_LIMITS: string =
  "The units were ranked by the same pairs that they are ablated on. A unit at 0 is a state that the model never has, so a " +
  "change says that the rest of the network depends on the unit, not what it stands for; no change says that it can be done " +
  "without, not that it holds nothing. One step at σ = 1 is looked at, not an image.";

/** What an ablation adds to `summary.md`; nothing where there is none. */
export function ablationMarkdown(ablation: Ablation | null): string[] {
  return ablation === null ? [] : [formatAblationMarkdown(ablation)];
}
