import type { SignFlipNull } from "./flips/sign-flip-null.ts";
import type { PairedT } from "./paired-t.ts";
import { PairedStatsError } from "./paired-stats-error.ts";
import { quantile } from "./quantile.ts";
import { valueAt } from "./reading.ts";

/**
 * A text table of how a paired t is distributed over units: count, mean, standard deviation, least, quartiles and
 * greatest of each statistic, without the degenerate units, which it counts.
 *
 * @throws {@link PairedStatsError} `degenerate` if no unit varies.
 * @see pandas.DataFrame.describe, whose rows these are.
 * @example
 * console.log(describePairedT(pairedT(differences)));
 */
export function describePairedT(result: PairedT): string {
  const { t, degenerateUnits, degreesOfFreedom } = result;
  const degenerate = new Set(degenerateUnits);
  const tested = (values: Float64Array): Float64Array => values.filter((_, unit) => !degenerate.has(unit));
  const columns: readonly (readonly [string, Float64Array])[] = [
    ["mean", tested(result.mean)],
    ["sd", tested(result.standardDeviation)],
    ["t", tested(t)],
    ["|t|", tested(t).map(Math.abs)],
    ["p", tested(result.p)],
    ["d_z", tested(result.cohensDz)],
  ];
  const units = t.length - degenerate.size;
  if (units === 0)
    throw new PairedStatsError("degenerate", "expected a unit that varies between pairs, got none", {
      units: t.length,
    });
  const rows: readonly (readonly [string, (sorted: Float64Array) => string])[] = [
    ["count", () => String(units)],
    ["mean", (sorted) => number(meanOf(sorted))],
    ["std", (sorted) => number(deviationOf(sorted))],
    ["min", (sorted) => number(quantile(sorted, 0))],
    ["25%", (sorted) => number(quantile(sorted, 0.25))],
    ["50%", (sorted) => number(quantile(sorted, 0.5))],
    ["75%", (sorted) => number(quantile(sorted, 0.75))],
    ["max", (sorted) => number(quantile(sorted, 1))],
  ];
  const sorted = columns.map(([, values]) => values.sort());
  const table = textTable([
    ["", ...columns.map(([name]) => name)],
    ...rows.map(([name, cell]) => [name, ...sorted.map(cell)]),
  ]);
  return `${table}\n${degreesOfFreedom + 1} pairs, ${t.length} units, ${degenerate.size} of them degenerate`;
}

/**
 * A text table of a sign-flip null: one line per threshold and one for the maximum.
 *
 * @example
 * console.log(describeSignFlipNull(await signFlipNull(differences)));
 */
export function describeSignFlipNull({
  thresholds,
  maximum,
  testedUnits,
  labellings,
  exact,
}: SignFlipNull): string {
  const lines = thresholds.map(({ threshold, observed, null: { mean, p99 }, observedOverP99, p }) => [
    `units with |t| > ${threshold}`,
    `${observed} (${((100 * observed) / testedUnits).toFixed(1)} %)`,
    ...[mean, p99, observedOverP99, p].map(number),
  ]);
  const table = textTable([
    ["", "observed", "null mean", "null p99", "observed / p99", "p"],
    ...lines,
    [
      "max |t|",
      ...[maximum.observed, maximum.null.mean, maximum.null.p99, maximum.observedOverP99, maximum.p].map(
        number,
      ),
    ],
  ]);
  return `${table}\n${testedUnits} units, ${exact ? "all" : "random or given"} labellings: ${labellings}`;
}

/** First column to the left, the others to the right. */
function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

/** Four digits, in scientific notation where plain digits would mislead or run long. */
function number(value: number): string {
  if (value === 0 || !Number.isFinite(value) || Number.isSafeInteger(value)) return String(value);
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(2) : value.toPrecision(4);
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Divisor n − 1; 0 for a single value. */
function deviationOf(values: Float64Array): number {
  if (values.length === 1) return 0;
  const mean = meanOf(values);
  let squares = 0;
  for (let place = 0; place < values.length; place += 1) squares += (valueAt(values, place) - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}
