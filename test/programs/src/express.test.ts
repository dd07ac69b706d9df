import { cpSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runProgram } from "./bundled-program.ts";

const example = join(import.meta.dirname, "../../../examples/express");
/** Where the example finds the packages of this workspace as it would find installed ones. */
const copy = join(import.meta.dirname, `../dist/express-${process.pid}`);

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

it("examples/express compiles, passes its own test, and prints what its README shows", async () => {
  cpSync(example, copy, {
    recursive: true,
    filter: (path) => !/(node_modules|dist)$/.test(path.slice(example.length)),
  });
  const root = createRequire(join(import.meta.dirname, "../../../package.json"));
  const compiler = join(dirname(root.resolve("typescript-native/package.json")), "bin/tsc");
  const compiled = await runProgram([compiler, "-p", copy], { cwd: copy });
  expect(compiled).toEqual({ stdout: "", stderr: "", code: 0 });
  const { stdout, stderr, code } = await runProgram(["dist/test.js"], { cwd: copy });
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  const [, shown = ""] = /```text\n(.*?)```/s.exec(readFileSync(join(example, "README.md"), "utf8")) ?? [];
  expect(shown).not.toBe("");
  expect(stdout).toBe(shown);
});
