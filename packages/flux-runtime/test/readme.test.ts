import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(join(packageFolder, "README.md"), "utf8");
const examples = [...readme.matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, code = "", output = ""], index) => ({ number: index + 1, code, output }),
);

let folder: string;

beforeAll(async () => {
  // Inside the package, so that the examples import it by its name: as it was built, as it will be installed.
  folder = await mkdtemp(join(packageFolder, "dist", "readme-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("the README has examples, and none without its output", () => {
  expect(examples.length).toBeGreaterThan(0);
  expect(readme.match(/```js\n/g)).toHaveLength(examples.length);
});

test.each(examples)(
  "README example $number prints what the README says",
  async ({ number, code, output }) => {
    const path = join(folder, `example-${number}.mjs`);
    await writeFile(path, code);
    const { stdout } = await promisify(execFile)(process.execPath, [path], { cwd: folder });
    expect(stdout).toBe(output);
  },
);
