import type { Summary } from "../summary/summary.ts";
import { formatShare, formatT } from "./format-number.ts";
import { titleGranularity } from "./granularity-names.ts";
import { formatTable } from "./markdown.ts";

/** What the table of the strongest units in both halves shows. */
export const TOP_UNITS_EXPLAINED: string =
  "Units that are chosen for their effect look stronger than they are. Here one half of the pairs chooses the units of the " +
  "greatest |t|, and the other half measures them in the direction that the first found; medians over random halvings, each " +
  "used both ways round.";

/** The strongest units of one half of the pairs, tried on the other; nothing if that cannot be said. */
export function formatTopUnits({ topUnits }: Pick<Summary, "topUnits">): string[] {
  if (topUnits.length === 0) return [];
  return [
    "### Strongest units in other pairs",
    TOP_UNITS_EXPLAINED.replaceAll("|", "\\|"),
    formatTable(
      ["units", "chosen", "d_z where chosen", "d_z in the other half", "chosen by both", "by chance"],
      topUnits.map((units) => [
        titleGranularity(units),
        String(units.top),
        formatT(units.selectedDz),
        formatT(units.otherHalfDz),
        formatShare(units.overlap),
        formatShare(units.overlapByChance),
      ]),
    ),
  ];
}
