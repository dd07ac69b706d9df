/** How a spreadsheet knows a formula: by its first character, full-width or not, and behind white space too. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;

/**
 * A value as the content of a CSV cell, before quoting: numbers with all their digits, nothing for `null`. A text that a
 * spreadsheet would take for a formula begins with an apostrophe instead; one that begins with apostrophes and then such
 * a text gets one more, so that taking one away always gives the text back.
 */
export function formatCsvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  return FORMULA.test(value.replace(/^'+/, "")) ? `'${value}` : value;
}
