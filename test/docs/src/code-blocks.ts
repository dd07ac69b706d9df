/** A fenced block of a Markdown page. */
export interface CodeBlock {
  /** The page's path from the repository's root. */
  readonly page: string;
  /** The line of the opening fence, counted from 1. */
  readonly line: number;
  /** The first word behind the fence: `js`, `sh`, `text` … */
  readonly language: string;
  /** The further words behind the fence: `name=value`, or a bare name with the value "". */
  readonly attributes: ReadonlyMap<string, string>;
  /** What stands between the fences, each line with its end, the fence's indentation taken off. */
  readonly text: string;
  /** The block that ends right before this one, with nothing but blank lines between. */
  readonly after: CodeBlock | null;
}

/**
 * Reads the fenced blocks of a page.
 *
 * @throws Error where a fence is not closed.
 */
export function readCodeBlocks(page: string, markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split("\n");
  let isBetween = false; // whether only blank lines followed the last block
  for (let index = 0; index < lines.length; index++) {
    const [, indent, fence, info = ""] = /^( *)(`{3,})(.*)$/.exec(lines[index] ?? "") ?? [];
    if (indent === undefined || fence === undefined) {
      isBetween &&= (lines[index] ?? "").trim() === "";
      continue;
    }
    const end = lines.findIndex((line, at) => at > index && line.trim() === fence);
    if (end < 0) throw new Error(`${page}:${index + 1}: a code block is not closed`);
    const [language = "", ...words] = info.trim().match(/[^\s"]*"[^"]*"|\S+/g) ?? [];
    const body = lines.slice(index + 1, end).map((line) => `${line.slice(indent.length)}\n`);
    blocks.push({
      page,
      line: index + 1,
      language,
      attributes: new Map(words.map(readAttribute)),
      text: body.join(""),
      after: (isBetween ? blocks.at(-1) : undefined) ?? null,
    });
    index = end;
    isBetween = true;
  }
  return blocks;
}

function readAttribute(word: string): [string, string] {
  const [, name = word, value = ""] = /^([^=]+)=(.*)$/.exec(word) ?? [];
  return [name, value.replaceAll('"', "")];
}
