import { csvFormatRows } from "d3-dsv";
import type { GranularityResult } from "./analyze-captures.ts";

/** One column of the table: its name, what it holds, and its value for a unit. */
interface Column {
  readonly name: string;
  readonly holds: string;
  readonly value: (unit: number, granularity: GranularityResult) => string;
}

/**
 * The columns of `units.csv` and `heads.csv`, in their order.
 *
 * `channel_start` and `channel_stop` count from the start of the unit's section; the difference is always b − a of root
 * mean squares.
 */
const COLUMNS: readonly Column[] = [
  column("address", "the unit", (unit, { records }) => text(records[unit]?.address)),
  column("block", "the block that it is in", (unit, { records }) => text(records[unit]?.block)),
  column("kind", "what it is within the block", (unit, { records }) => text(records[unit]?.kind)),
  column("start", "first channel within its section", (unit, { records }) =>
    number(records[unit]?.channels[0]),
  ),
  column("stop", "one past the last channel", (unit, { records }) => number(records[unit]?.channels[1])),
  column("rms_a", "mean over the pairs under condition a", (unit, { conditionMeans: { a } }) =>
    number(a[unit]),
  ),
  column("rms_b", "mean over the pairs under condition b", (unit, { conditionMeans: { b } }) =>
    number(b[unit]),
  ),
  column("mean_difference", "mean of b − a", (unit, { pairedT: { mean } }) => number(mean[unit])),
  column("sd", "standard deviation of b − a (N − 1)", (unit, { pairedT }) =>
    number(pairedT.standardDeviation[unit]),
  ),
  column("t", "paired t; ±Infinity where sd is 0", (unit, { pairedT: { t } }) => number(t[unit])),
  column("df", "degrees of freedom", (_, { pairedT }) => number(pairedT.degreesOfFreedom)),
  column("p", "two-sided p of t, not corrected", (unit, { pairedT: { p } }) => number(p[unit])),
  column("d_z", "Cohen's d_z; ±Infinity where sd is 0", (unit, { pairedT: { cohensDz } }) =>
    number(cohensDz[unit]),
  ),
  column("ci_lower", "95 % interval of the mean difference", (unit, { pairedT: { confidenceInterval } }) =>
    number(confidenceInterval.lower[unit]),
  ),
  column("ci_upper", "95 % interval of the mean difference", (unit, { pairedT: { confidenceInterval } }) =>
    number(confidenceInterval.upper[unit]),
  ),
  column("p_family_wise", "p by the greatest |t| of all units of the table", (unit, { corrected }) =>
    corrected === null ? "" : number(corrected.familyWise[unit]),
  ),
  column("q_false_discovery", "p after Benjamini and Hochberg over the table", (unit, { corrected }) =>
    corrected === null ? "" : number(corrected.falseDiscovery[unit]),
  ),
  column("p_sign_flip", "exact sign-flip p of the unit; empty with random flips", (unit, { corrected }) =>
    corrected?.exact ? number(corrected.exact[unit]) : "",
  ),
];

/** What each column of {@link formatUnitCsv} holds, in their order. */
export const UNIT_COLUMNS: readonly { readonly name: string; readonly holds: string }[] = COLUMNS.map(
  ({ name, holds }) => ({ name, holds }),
);

/**
 * The statistics of one granularity as CSV: a header, then one row per unit. Numbers have all their digits.
 *
 * Texts that a spreadsheet would take for a formula begin with an apostrophe instead.
 */
export function formatUnitCsv(granularity: GranularityResult): string {
  const rows = Array.from(granularity.records.keys(), (unit) =>
    COLUMNS.map(({ value }) => value(unit, granularity)),
  );
  return `${csvFormatRows([COLUMNS.map(({ name }) => name), ...rows])}\n`;
}

function column(name: string, holds: string, value: Column["value"]): Column {
  return { name, holds, value };
}

function text(value: string | undefined): string {
  if (value === undefined) throw new RangeError("unit table: a unit has no record");
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

function number(value: number | undefined): string {
  if (value === undefined) throw new RangeError("unit table: a unit lacks a statistic");
  return String(value);
}
