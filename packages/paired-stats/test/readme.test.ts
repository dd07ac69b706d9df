import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

describe("README", () => {
  it("prints what it says: the example run by Node against the built package", () => {
    const [, code = "", output = ""] = /```js\n(.*?)```\n\n```text\n(.*?)```/s.exec(readme) ?? [];
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", code], {
      cwd: packageFolder, // from here the package's own name leads to its dist
      encoding: "utf8",
    });
    expect(code).toContain("signFlipNull");
    expect(printed).toBe(output);
  });
});
