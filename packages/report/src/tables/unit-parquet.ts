import { parquetReadObjects } from "hyparquet";
import { type BasicType, parquetWriteBuffer } from "hyparquet-writer";
import type { GranularityResult } from "../statistics/granularity-result.ts";
import { tabulateUnits, type UnitColumnType } from "./unit-table.ts";

/** How Parquet keeps each type of column. */
const types: Readonly<Record<UnitColumnType, BasicType>> = {
  text: "STRING",
  integer: "INT32",
  number: "DOUBLE",
};

/**
 * The statistics of one granularity as a Parquet file: the columns of the CSV under the same names, with the same values;
 * a lacking statistic is null, a text is what it is.
 */
export function formatUnitParquet(granularity: GranularityResult): Uint8Array {
  const columnData = tabulateUnits(granularity).map(({ name, type, values }) => ({
    name,
    type: types[type],
    data: [...values],
    nullable: type === "number",
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: "measure-plantain" }));
}

/** Whether a Parquet file holds the statistics of a granularity, whichever release of the writer wrote it. */
export async function holdsUnits(file: Uint8Array, granularity: GranularityResult): Promise<boolean> {
  const bytes = file.slice().buffer;
  const rows = await parquetReadObjects({ file: bytes }).catch(() => null);
  const columns = tabulateUnits(granularity);
  return (
    rows?.length === granularity.records.length &&
    Object.keys(rows[0] ?? {}).join() === columns.map(({ name }) => name).join() &&
    columns.every(({ name, values }) => values.every((value, unit) => (rows[unit]?.[name] ?? null) === value))
  );
}
