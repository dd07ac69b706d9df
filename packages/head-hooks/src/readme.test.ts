import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { model, node, randomValues, tensor, value } from "../test/build-model.ts";

const PACKAGE = join(import.meta.dirname, "..");

it("the README's examples print what the README says", async () => {
  expect(
    existsSync(join(PACKAGE, "dist/index.js")),
    "run the build first: the example imports the package",
  ).toBe(true);
  const readme = await readFile(join(PACKAGE, "README.md"), "utf8");
  const examples = [...readme.matchAll(/```js\n(.*?)```\n+```text\n(.*?)```/gs)];
  expect(examples).toHaveLength(2);
  // Inside the package, so that the example's imports resolve as a user's would.
  const folder = await mkdtemp(join(PACKAGE, "test", "example-"));
  try {
    await writeFile(join(folder, "model.onnx"), attentionModel());
    for (const [, code = "", printed = ""] of examples) {
      await writeFile(join(folder, "example.mjs"), code);
      const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder });
      expect(stdout).toBe(printed);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Two blocks of self-attention whose output projections take 4 heads of 16 channels. */
function attentionModel(): Uint8Array {
  const matrix = (name: string, seed: number): ReturnType<typeof tensor> =>
    tensor(
      name,
      [64, 64],
      randomValues(64 * 64, seed).map((weight) => weight / 4),
    );
  const names = ["q", "k", "v", "to_out"];
  return model({
    nodes: [0, 1].flatMap((block) => {
      const path = `blocks.${block}.attn`;
      const input = block === 0 ? "x" : "block.0";
      return [
        ...["q", "k", "v"].map((name) =>
          node("MatMul", [input, `${path}.${name}.weight`], `${path}.${name}`),
        ),
        node(
          "MultiHeadAttention",
          ["q", "k", "v"].map((name) => `${path}.${name}`),
          `${path}.mixed`,
          { num_heads: 4 },
          "com.microsoft",
        ),
        node(
          "MatMul",
          [`${path}.mixed`, `${path}.to_out.weight`],
          `block.${block}`,
          {},
          "",
          `${path}.to_out`,
        ),
      ];
    }),
    inputs: [value("x", ["B", "S", 64])],
    outputs: [value("block.1", ["B", "S", 64])],
    initializers: [0, 1].flatMap((block) =>
      names.map((name, index) => matrix(`blocks.${block}.attn.${name}.weight`, 4 * block + index + 1)),
    ),
  });
}
