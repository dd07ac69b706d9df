/** Items as a list. */
export function formatList(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** A table; the columns after the first `texts` hold numbers and stand to the right. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(header),
    line(header.map((_, place) => (place < texts ? "---" : "---:"))),
    ...rows.map(line),
  ].join("\n");
}

/** A text that Markdown shows as it is, on one line: no address in it becomes a link. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]<#|~&$@]|:(?=\/\/)|(?<=\bwww)\./gi, (mark) => `\\${mark}`)
    .replaceAll(/\s*[\r\n\u2028\u2029]+\s*/g, " ")
    .replace(/^(>|[-+=](?=[\s\-+=]|$))/, "\\$1")
    .replace(/^(\d+)([.)])(?=\s|$)/, "$1\\$2");
}

/** A text as code that nothing within can end. */
export function formatCode(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}sh\n${text}\n${fence}`;
}
