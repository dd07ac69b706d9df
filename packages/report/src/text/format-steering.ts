import type { Steering } from "@measure-plantain/probe";
import { listSetDifferences } from "../statistics/steering-differences.ts";
import { formatT } from "./format-number.ts";
import { granularityUnits } from "./granularity-units.ts";

/** A mean difference of pixels: `12.5`, and `0.043` below one. */
export function formatDifference(value: number | null): string {
  if (value === null) return "–";
  return value === 0 || value >= 1 ? value.toFixed(value >= 100 ? 0 : 1) : value.toPrecision(2);
}

/** A factor: `×0`, `×2`, `×−1`. */
export function formatFactor(scale: number): string {
  return `×${String(scale).replace("-", "−")}`;
}

/** What was rendered, and what is compared. */
export function describeSteering({ settings, images, sets }: Steering): string {
  const { prompts, seeds, scale, rendering, granularity } = settings;
  const { width, height, steps, guidance } = rendering;
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const planned = prompts.length * seeds.length * (1 + sets.length * scale.length);
  const missing =
    images.length < planned
      ? ` ${planned - images.length} of ${planned} images are still to be rendered.`
      : "";
  return (
    `${count(prompts.length, "prompt")} × ${count(seeds.length, "seed")}, ${width} × ${height} pixels, ${steps} steps, guidance ${guidance}: ` +
    `rendered as they are, and with the ${granularityUnits[granularity]} of each set multiplied by a factor on their way into the output projections, ` +
    `in all passes of every image. Numbers are the mean of |Δ| over all pixels and colours to the unsteered image of the same prompt and ` +
    `seed, of 255.${missing}`
  );
}

/** What steered images do not allow to conclude. */
export const STEERING_LIMITS: string =
  "How far an image moves says how much of it depends on the units, not what they stand for: look at what changes. No set is " +
  "tested against chance here; ablate does that. The units were ranked by all pairs of the run, with its fixed image and in one pass; " +
  "the images are made without that image. A factor other than 1 is a state that the model never has.";

/** The result for a terminal. */
export function formatSteering(steering: Steering): string {
  const sets = listSetDifferences(steering);
  const width = Math.max(...sets.map(({ name }) => name.length)) + 2;
  const line = (first: string, cells: readonly string[]): string =>
    first.padEnd(width) + cells.map((cell) => cell.padStart(9)).join("");
  return [
    line("", ["mean |t|", ...steering.settings.scale.map(formatFactor)]),
    ...sets.map(({ name, meanAbsT, differences }) =>
      line(name, [formatT(meanAbsT), ...differences.map(formatDifference)]),
    ),
    describeSteering(steering),
  ].join("\n");
}

/** What a steering adds to `summary.md`; nothing where there is none. */
export function steeringMarkdown(steering: Steering | null): string[] {
  if (steering === null) return [];
  const { scale } = steering.settings;
  const rows = listSetDifferences(steering).map(
    ({ name, meanAbsT, differences }) =>
      `| ${[name, formatT(meanAbsT), ...differences.map(formatDifference)].join(" | ")} |`,
  );
  return [
    [
      "## Steered images",
      describeSteering(steering),
      [
        `| set | mean \\|t\\| | ${scale.map(formatFactor).join(" | ")} |`,
        `| --- | ---: | ${scale.map(() => "---:").join(" | ")} |`,
        ...rows,
      ].join("\n"),
      STEERING_LIMITS,
    ]
      .join("\n\n")
      .concat("\n"),
  ];
}
