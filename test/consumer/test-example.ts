import { cpSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { run, type CommandOptions, type Output } from "./command.ts";
import { consumerEnvironment } from "./consumer-environment.ts";

/** The folder of an example. */
function exampleFolder(name: string): string {
  return join(import.meta.dirname, "../../examples", name);
}

/** What an example leaves where it was run. */
const LEFT_BEHIND = new Set(["node_modules", "package-lock.json", "dist", "runs"]);

/** What is done and expected besides an example's own test. */
export interface ExampleOptions {
  /** Runs between the installation and the example's own test. */
  readonly before?: (place: CommandOptions) => Promise<void>;
  /** Sees what the example's own test printed, as a test of this title. */
  readonly after?: { readonly title: string; readonly check: (printed: Output) => void };
}

/** Copies an example out of the workspace, installs it from the registry as its README says, and runs its own test. */
export function testExample(name: string, { before, after }: ExampleOptions = {}): void {
  const env = consumerEnvironment(inject("registryUrl"), join(inject("workplace"), "caches"));
  const folder = join(inject("workplace"), name);

  describe(`examples/${name}`, () => {
    let printed: Output;

    beforeAll(async () => {
      const filter = (path: string): boolean => !LEFT_BEHIND.has(basename(path));
      cpSync(exampleFolder(name), folder, { recursive: true, filter });
      await run("npm", ["install"], { cwd: folder, env });
      await before?.({ cwd: folder, env });
      printed = await run("npm", ["test"], { cwd: folder, env });
    });

    it("compiles against the published packages, passes its own test, and prints what its README shows", () => {
      const [, shown = ""] = /```text\n(.*?)```/s.exec(readFileSync(join(folder, "README.md"), "utf8")) ?? [];
      expect(shown).not.toBe("");
      expect(withoutNumbers(printed.stdout)).toContain(withoutNumbers(shown));
    });

    if (after !== undefined) {
      it(after.title, () => {
        after.check(printed);
      });
    }
  });
}

/** The number of lines of an example's program. */
export function countLines(name: string): number {
  return readFileSync(join(exampleFolder(name), "probe.ts"), "utf8")
    .trimEnd()
    .split("\n").length;
}

/** Numbers differ in their last digits between processors, and columns with them. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/-?\d+(\.\d+)?(e[+-]?\d+)?|Infinity/g, "#").replaceAll(/ +/g, " ");
}
