import { describe, expect, it } from "vitest";
import { readCodeBlocks } from "./code-blocks.ts";

describe("readCodeBlocks", () => {
  it("reads language, attributes, text and line", () => {
    const [block] = readCodeBlocks("a.md", 'Text\n\n```sh no-run=gpu from="a b" tree\nls\n```\n');
    expect(block).toMatchObject({ page: "a.md", line: 3, language: "sh", text: "ls\n", after: null });
    expect([...(block?.attributes ?? [])]).toEqual([
      ["no-run", "gpu"],
      ["from", "a b"],
      ["tree", ""],
    ]);
  });

  it("takes the indentation of a list off", () => {
    expect(readCodeBlocks("a.md", "- x\n\n  ```sh\n  if a\n    b\n  ```\n")[0]?.text).toBe("if a\n  b\n");
  });

  it("ties a block to the one right before it, and to no earlier one", () => {
    const [first, second, third] = readCodeBlocks(
      "a.md",
      "```js\n1\n```\n\n```text\n2\n```\n\nso\n\n```text\n3\n```\n",
    );
    expect(second?.after).toBe(first);
    expect(third?.after).toBeNull();
  });

  it("keeps shorter fences inside longer ones", () => {
    const blocks = readCodeBlocks("a.md", "````md\n```js\n1\n```\n````\n");
    expect(blocks.map(({ text }) => text)).toEqual(["```js\n1\n```\n"]);
  });

  it("refuses a block that is not closed, by page and line", () => {
    expect(() => readCodeBlocks("a.md", "\n```js\n1\n")).toThrow("a.md:2: a code block is not closed");
  });
});
