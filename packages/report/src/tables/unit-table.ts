import { csvFormatRows } from "d3-dsv";
import type { GranularityResult } from "../statistics/granularity-result.ts";
import { formatCsvCell } from "./csv-cell.ts";

/** One column of the table: its name, the type of its values, and its value for a unit. */
interface Column {
  readonly name: string;
  readonly type: UnitColumnType;
  readonly value: (unit: number, granularity: GranularityResult) => UnitValue;
}

/** Texts, whole numbers, and float64 that may be infinite or lacking. */
export type UnitColumnType = "text" | "integer" | "number";

/** What stands in a cell; `null` where the unit lacks the statistic. */
export type UnitValue = string | number | null;

/** A column of the table with its values, one per unit. */
export interface UnitColumn {
  readonly name: string;
  readonly type: UnitColumnType;
  readonly values: readonly UnitValue[];
}

/**
 * The columns of `units.csv`, `heads.csv` and their Parquet twins, in their order.
 *
 * `start` and `stop` count channels from the start of the unit's section; the difference is always b − a of root
 * mean squares.
 */
const COLUMNS: readonly Column[] = [
  column("address", "text", (unit, { records }) => present(records[unit]?.address)),
  column("block", "text", (unit, { records }) => present(records[unit]?.block)),
  column("kind", "text", (unit, { records }) => present(records[unit]?.kind)),
  column("start", "integer", (unit, { records }) => present(records[unit]?.channels[0])),
  column("stop", "integer", (unit, { records }) => present(records[unit]?.channels[1])),
  column("rms_a", "number", (unit, { conditionMeans: { a } }) => present(a[unit])),
  column("rms_b", "number", (unit, { conditionMeans: { b } }) => present(b[unit])),
  column("mean_difference", "number", (unit, { pairedT: { mean } }) => present(mean[unit])),
  column("sd", "number", (unit, { pairedT }) => present(pairedT.standardDeviation[unit])),
  column("t", "number", (unit, { pairedT: { t } }) => present(t[unit])),
  column("df", "integer", (_, { pairedT }) => present(pairedT.degreesOfFreedom)),
  column("p", "number", (unit, { pairedT: { p } }) => present(p[unit])),
  column("d_z", "number", (unit, { pairedT: { cohensDz } }) => present(cohensDz[unit])),
  column("ci_lower", "number", (unit, { pairedT: { confidenceInterval } }) =>
    present(confidenceInterval.lower[unit]),
  ),
  column("ci_upper", "number", (unit, { pairedT: { confidenceInterval } }) =>
    present(confidenceInterval.upper[unit]),
  ),
  column("p_family_wise", "number", (unit, { corrected }) =>
    corrected === null ? null : present(corrected.familyWise[unit]),
  ),
  column("q_false_discovery", "number", (unit, { corrected }) =>
    corrected === null ? null : present(corrected.falseDiscovery[unit]),
  ),
  column("p_sign_flip", "number", (unit, { corrected }) =>
    corrected?.exact ? present(corrected.exact[unit]) : null,
  ),
];

/** The columns that a table has only where the prompt set is graded; they follow the others. */
const GRADE_COLUMNS: readonly Column[] = [
  column("grade_rho", "number", (unit, { grades }) =>
    grades === null || grades.correlation.degenerateUnits.includes(unit)
      ? null
      : present(grades.correlation.r[unit]),
  ),
];

/** The statistics of one granularity, column by column. */
export function tabulateUnits(granularity: GranularityResult): UnitColumn[] {
  const units = Array.from(granularity.records.keys());
  return columnsOf(granularity).map(({ name, type, value }) => ({
    name,
    type,
    values: units.map((unit) => value(unit, granularity)),
  }));
}

/**
 * The statistics of one granularity as CSV: a header, then one row per unit. Numbers have all their digits, and a cell is
 * empty where a unit lacks the statistic.
 */
export function formatUnitCsv(granularity: GranularityResult): string {
  const columns = columnsOf(granularity);
  const rows = Array.from(granularity.records.keys(), (unit) =>
    columns.map(({ value }) => formatCsvCell(value(unit, granularity))),
  );
  return `${csvFormatRows([columns.map(({ name }) => name), ...rows])}\n`;
}

function columnsOf({ grades }: GranularityResult): readonly Column[] {
  return grades === null ? COLUMNS : [...COLUMNS, ...GRADE_COLUMNS];
}

function column(name: string, type: UnitColumnType, value: Column["value"]): Column {
  return { name, type, value };
}

function present<Value extends UnitValue>(value: Value | undefined): Value {
  if (value === undefined) throw new RangeError("unit table: a unit lacks its record or a statistic");
  return value;
}
