/** Where a number stands for what is infinite: JSON has no infinity, so a summary holds `null`. */
type Finite = number | null;

/** A count: `7,044`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** A mean or percentile of counts: `94`, and with one decimal below ten: `1.4`. */
export function formatMeanCount(value: number): string {
  if (value > 0 && value < 0.05) return "< 0.1";
  return Number.isInteger(value) || value >= 9.95 ? formatCount(value) : value.toFixed(1);
}

/** A share of a whole: `43.2 %`. */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A t value, an effect size or a correlation, with a true minus sign: `14.89`, `−3.20`. */
export function formatT(value: Finite): string {
  if (value === null) return "∞";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return value
    .toFixed(2)
    .replace(/^-0\.00$/, "0.00")
    .replace("-", "−");
}

/** How many times one number is the other: `8.6×`, from a hundred on `510×`. */
export function formatRatio(ratio: Finite): string {
  if (ratio === null || !Number.isFinite(ratio)) return "∞";
  return `${ratio >= 99.95 ? formatCount(ratio) : ratio.toFixed(1)}×`;
}

/** A p-value to two significant digits: `0.005`, `1.2e-8`. */
export function formatP(p: number): string {
  if (p === 0) return "0";
  return p >= 0.001 ? String(Number(p.toPrecision(2))) : p.toExponential(1);
}

/** A measured root mean square, or a difference of two, to four significant digits. */
export function formatMeasure(value: number): string {
  const digits =
    value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)
      ? value.toExponential(3)
      : value.toPrecision(4);
  return digits.replace(/^-/, "−");
}
