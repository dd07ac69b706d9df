import { cpSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { run } from "./command.ts";
import { consumerEnvironment } from "./consumer-environment.ts";

/** The folder of an example. */
export function exampleFolder(name: string): string {
  return join(import.meta.dirname, "../../examples", name);
}

/** What an example leaves where it was run. */
const LEFT_BEHIND = new Set(["node_modules", "package-lock.json", "dist", "runs", "tiny"]);

/** Copies an example out of the workspace, installs it from the registry as its README says, and runs its own test. */
export function testExample(name: string): void {
  const env = consumerEnvironment(inject("registryUrl"), join(inject("workplace"), "caches"));
  const folder = join(inject("workplace"), name);

  describe(`examples/${name}`, () => {
    let printed: string;

    beforeAll(async () => {
      const filter = (path: string): boolean => !LEFT_BEHIND.has(basename(path));
      cpSync(exampleFolder(name), folder, { recursive: true, filter });
      await run("npm", ["install"], { cwd: folder, env });
      printed = (await run("npm", ["test"], { cwd: folder, env })).stdout;
    });

    it("compiles against the published packages, passes its own test, and prints what its README shows", () => {
      const [, shown = ""] = /```text\n(.*?)```/s.exec(readFileSync(join(folder, "README.md"), "utf8")) ?? [];
      expect(shown).not.toBe("");
      expect(withoutNumbers(printed)).toContain(withoutNumbers(shown));
    });
  });
}

/** Numbers differ in their last digits between processors, and columns with them. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/-?\d+(\.\d+)?(e[+-]?\d+)?|Infinity/g, "#").replaceAll(/ +/g, " ");
}
