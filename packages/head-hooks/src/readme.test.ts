import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { model, node, randomValues, tensor, value } from "../test/build-model.ts";

const PACKAGE = join(import.meta.dirname, "..");

it("the README's example prints what the README says", async () => {
  expect(
    existsSync(join(PACKAGE, "dist/index.js")),
    "run the build first: the example imports the package",
  ).toBe(true);
  const readme = await readFile(join(PACKAGE, "README.md"), "utf8");
  const [, code = ""] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const [, printed = ""] = /```text\n(.*?)```/s.exec(readme) ?? [];
  // Inside the package, so that the example's imports resolve as a user's would.
  const folder = await mkdtemp(join(PACKAGE, "test", "example-"));
  try {
    await writeFile(join(folder, "model.onnx"), attentionModel());
    await writeFile(join(folder, "example.mjs"), code);
    const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder });
    expect(stdout).toBe(printed);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Two blocks whose output projections take 4 heads of 16 channels. */
function attentionModel(): Uint8Array {
  const blocks = [0, 1];
  return model({
    nodes: blocks.map((block) =>
      node(
        "MatMul",
        [block === 0 ? "x" : "block.0", `blocks.${block}.attn.to_out.weight`],
        `block.${block}`,
        {},
        "",
        `blocks.${block}.attn.to_out`,
      ),
    ),
    inputs: [value("x", ["B", "S", 64])],
    outputs: [value("block.1", ["B", "S", 64])],
    initializers: blocks.map((block) =>
      tensor(
        `blocks.${block}.attn.to_out.weight`,
        [64, 64],
        randomValues(64 * 64, block).map((weight) => weight / 8),
      ),
    ),
  });
}
