/**
 * Applies an edit as a page shows it: lines that start with a space stand in the file, those with `-` go, those with `+`
 * come. Line numbers are not needed; what stands in the file has to stand there once. A line `…` begins another edit.
 *
 * @throws Error where the edit does not fit the file exactly once.
 */
export function applyEdit(content: string, edit: string): string {
  return edit
    .split(/^…\n/m)
    .filter((part) => part.trim() !== "")
    .reduce(applyPart, content);
}

function applyPart(content: string, part: string): string {
  const lines = part.replace(/\n$/, "").split("\n");
  const strange = lines.find((line) => line !== "" && !/^[-+ ]/.test(line));
  if (strange !== undefined) throw new Error(`an edit's line starts with a space, + or -: ${strange}`);
  const side = (sign: string): string =>
    lines
      .filter((line) => !line.startsWith(sign))
      .map((line) => `${line.slice(1)}\n`)
      .join("");
  const [before, after] = [side("+"), side("-")];
  const at = content.indexOf(before);
  if (at < 0) throw new Error(`the file has no such lines; has it changed?\n${before}`);
  if (content.includes(before, at + 1))
    throw new Error(`the file has these lines twice; show more:\n${before}`);
  return content.slice(0, at) + after + content.slice(at + before.length);
}
