import { formatCount, formatMeanCount, formatP, formatRatio, formatShare, formatT } from "./format-number.ts";
import type { GranularitySummary } from "../summary/granularity-summary.ts";

/** A number and how it is written wherever it is shown. */
export interface Shown {
  /** `null` is infinite. */
  readonly value: number | null;
  readonly text: string;
}

/** One line of the results table. */
export interface ResultRow {
  readonly metric: string;
  readonly observed: Shown;
  /** The share of the tested units; `null` for the maximum. */
  readonly share: Shown | null;
  readonly nullMean: Shown;
  readonly nullP99: Shown;
  readonly observedOverP99: Shown;
  readonly p: Shown;
}

/** The lines of the results table for one granularity, the same in the terminal, in Markdown and on the page. */
export function resultRows({ thresholds, maximum }: GranularitySummary): ResultRow[] {
  const rows = thresholds.map((row): ResultRow => ({
    metric: `|t| > ${row.threshold}`,
    observed: shown(row.observed, formatCount),
    share: shown(row.share, formatShare),
    nullMean: shown(row.nullMean, formatMeanCount),
    nullP99: shown(row.nullP99, formatMeanCount),
    observedOverP99: { value: row.observedOverP99, text: formatRatio(row.observedOverP99) },
    p: shown(row.p, formatP),
  }));
  if (maximum === null) return rows;
  return [
    ...rows,
    {
      metric: "max |t|",
      observed: shown(maximum.observed, formatT),
      share: null,
      nullMean: shown(maximum.nullMean, formatT),
      nullP99: shown(maximum.nullP99, formatT),
      observedOverP99: { value: maximum.observedOverP99, text: formatRatio(maximum.observedOverP99) },
      p: shown(maximum.p, formatP),
    },
  ];
}

/** One line of units that stay significant when their number is taken into account. */
export interface SurvivorRow {
  readonly metric: string;
  readonly count: Shown;
  readonly share: Shown;
}

/** The lines of the results table that follow from corrected p-values. */
export function survivorRows({ survivors, testedUnits }: GranularitySummary): SurvivorRow[] {
  if (survivors === null) return [];
  const { alpha, familyWise, falseDiscovery } = survivors;
  return [
    { metric: `family-wise p\u00a0≤\u00a0${alpha}`, count: familyWise },
    { metric: `false discovery q\u00a0≤\u00a0${alpha}`, count: falseDiscovery },
  ].map(({ metric, count }) => ({
    metric,
    count: shown(count, formatCount),
    share: shown(count / testedUnits, formatShare),
  }));
}

/** A number together with its text. */
export function shown(value: number, format: (value: number) => string): Shown {
  return { value, text: format(value) };
}
