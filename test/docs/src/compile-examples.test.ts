import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compileExamples, stripTypes } from "./compile-examples.ts";
import { readCodeBlocks } from "./code-blocks.ts";

const folder = mkdtempSync(join(tmpdir(), "compile-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const page = "text\n\n```ts\nexport const one: number = 1;\n\nexport const two: string = one;\n```\n";

test("compileExamples names page and line of what does not compile", () => {
  expect(compileExamples(readCodeBlocks("PAGE.md", page), folder)).toEqual([
    "PAGE.md:6: Type 'number' is not assignable to type 'string'.",
  ]);
});

test("stripTypes leaves the program", () => {
  expect(stripTypes("const one: number = 1;\nconsole.log(one as number);\n")).toBe(
    "const one = 1;\nconsole.log(one);\n",
  );
});
