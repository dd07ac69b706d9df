import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ELEMENT,
  encode,
  externalTensor,
  model,
  node,
  randomValues,
  tensor,
  value,
} from "../../test/build-model.ts";
import { tapActivations } from "../activations/tap-activations.ts";
import { meanSquareOf, relativeError, runModel } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import type { HookOptions } from "../hook/hook-options.ts";
import { hookModelFile } from "./hook-model-file.ts";
import { tapActivationsFile } from "./tap-activations-file.ts";

const OPTIONS: HookOptions = { taps: [{ at: "block.0.to_out" }], groupSize: 4 };
const weights = encode(randomValues(8 * 16, 5), "bfloat16");
const OFFSET = 100;
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "head-hooks-file-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** bf16 weight [out, in] at an offset of a file, behind Cast, as the real consumer has it. */
function withExternalWeight(location: string, length = weights.length): Uint8Array {
  return model({
    nodes: [
      node("Cast", ["block.0.to_out.weight"], "w", { to: ELEMENT.float32 }),
      node("Tanh", ["x"], "h"),
      node("FusedMatMul", ["h", "w"], "y", { transB: 1 }, "com.microsoft", "block.0.to_out"),
    ],
    inputs: [value("x", ["B", "S", 16])],
    outputs: [value("y", undefined), value("h", undefined)],
    initializers: [externalTensor("block.0.to_out.weight", [8, 16], location, OFFSET, length, "bfloat16")],
  });
}

async function writeModel(): Promise<string> {
  const path = join(folder, "model.onnx");
  await writeFile(path, withExternalWeight("weights.bin"));
  await writeFile(join(folder, "weights.bin"), Buffer.concat([Buffer.alloc(OFFSET, 255), weights]));
  return path;
}

function failure(code: string): unknown {
  return expect.objectContaining({ name: "HeadHooksError", code });
}

describe("hookModelFile", () => {
  it.each([{ keepOutputs: true }, { keepOutputs: false }])(
    "never writes over the weights of the model, nor over a link to them: %o",
    async (options) => {
      const path = await writeModel();
      const original = await readFile(join(folder, "weights.bin"));
      await link(join(folder, "weights.bin"), join(folder, "linked.bin"));
      for (const out of ["weights.bin", "./weights.bin", "linked.bin"]) {
        await expect(hookModelFile(path, join(folder, out), { ...OPTIONS, ...options })).rejects.toEqual(
          failure("unwritable-file"),
        );
      }
      expect(await readFile(join(folder, "weights.bin"))).toEqual(original);
    },
  );

  it("hooks a model whose weights lie at an offset of another file, and leaves that file alone", async () => {
    const path = await writeModel();
    const before = await stat(join(folder, "weights.bin"), { bigint: true });
    const hooked = join(folder, "hooked.onnx");
    expect((await hookModelFile(path, hooked, OPTIONS)).modified).toBe(true);
    const after = await stat(join(folder, "weights.bin"), { bigint: true });
    expect([after.mtimeNs, after.ino]).toEqual([before.mtimeNs, before.ino]);

    const x = { data: randomValues(2 * 3 * 16, 6), shape: [2, 3, 16] };
    const plain = await runModel(path, { x });
    const outputs = await runModel(hooked, { x });
    expect(outputs["y"]).toEqual(plain["y"]);
    const { h, mean_square: captured } = outputs;
    if (h === undefined || captured === undefined) throw new Error("an output is missing");
    const values = Array.from(captured.data, Number);
    expect(relativeError(values, meanSquareOf(h, 4))).toBeLessThan(1e-5);
  });

  it("writes what hookModel returns, over the model itself too, and nothing the second time", async () => {
    const path = await writeModel();
    const expected = hookModel(await readFile(path), OPTIONS);
    const first = await hookModelFile(path, path, OPTIONS);
    expect(first).toEqual({ modified: true, layout: expected.layout });
    expect(new Uint8Array(await readFile(path))).toEqual(expected.model);
    const { mtimeNs } = await stat(path, { bigint: true });
    expect((await hookModelFile(path, path, OPTIONS)).modified).toBe(false);
    expect((await stat(path, { bigint: true })).mtimeNs).toBe(mtimeNs);
    const copy = join(folder, "copy.onnx");
    expect((await hookModelFile(path, copy, OPTIONS)).modified).toBe(false);
    expect(await readFile(copy)).toEqual(await readFile(path));
    expect(await readdir(folder)).toEqual(["copy.onnx", "model.onnx", "weights.bin"]);
  });

  it("does not read external weights, whatever their size", async () => {
    const path = join(folder, "model.onnx");
    await writeFile(path, withExternalWeight("weights.bin", 2 ** 34));
    await writeFile(join(folder, "weights.bin"), "");
    await truncate(join(folder, "weights.bin"), 2 ** 34); // sparse: 16 GiB that take no room
    const start = performance.now();
    await hookModelFile(path, join(folder, "hooked.onnx"), OPTIONS);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("writes into another folder only where the same weights are found", async () => {
    const path = await writeModel();
    const other = join(folder, "other");
    await mkdir(other);
    const target = join(other, "hooked.onnx");
    await expect(hookModelFile(path, target, OPTIONS)).rejects.toThrow(failure("external-data-elsewhere"));
    await writeFile(join(other, "weights.bin"), "something else");
    await expect(hookModelFile(path, target, OPTIONS)).rejects.toThrow(/is another one/);
    expect(await readdir(other)).toEqual(["weights.bin"]);
    await rm(join(other, "weights.bin"));
    await link(join(folder, "weights.bin"), join(other, "weights.bin"));
    expect((await hookModelFile(path, target, OPTIONS)).modified).toBe(true);
    await symlink(folder, join(folder, "alias"));
    expect((await hookModelFile(path, join(folder, "alias", "hooked.onnx"), OPTIONS)).modified).toBe(true);
  });

  it("refuses weights that are missing already", async () => {
    const path = await writeModel();
    await rm(join(folder, "weights.bin"));
    await expect(hookModelFile(path, path, OPTIONS)).rejects.toThrow(/it is missing in/);
  });

  it.each([
    "/etc/passwd",
    "../weights.bin",
    "a/../../b",
    "C:\\weights.bin",
    "\\\\host\\share",
    "a\\..\\b",
    "",
  ])("refuses the external path %j", async (location) => {
    const path = join(folder, "model.onnx");
    await writeFile(path, withExternalWeight(location));
    await expect(hookModelFile(path, path, OPTIONS)).rejects.toThrow(failure("external-path"));
    expect(() => hookModel(withExternalWeight(location), OPTIONS)).toThrow(failure("external-path"));
  });

  it("refuses an external path in the value of a Constant node", () => {
    const bytes = model({
      nodes: [
        node("Constant", [], "c", { value: externalTensor("c", [4], "/dev/zero", 0, 16) }),
        node("MatMul", ["x", "w"], "y", {}, "", "block.0.to_out"),
      ],
      inputs: [value("x", ["B", "S", 16])],
      outputs: [value("y", undefined)],
      initializers: [tensor("w", [16, 1], new Float32Array(16))],
    });
    expect(() => hookModel(bytes, OPTIONS)).toThrow(failure("external-path"));
  });

  it("says which file cannot be read or written, and leaves nothing half-written", async () => {
    const path = await writeModel();
    await expect(hookModelFile(join(folder, "none.onnx"), path, OPTIONS)).rejects.toThrow(
      failure("unreadable-file"),
    );
    await mkdir(join(folder, "taken"));
    await expect(hookModelFile(path, join(folder, "taken"), OPTIONS)).rejects.toThrow(
      failure("unwritable-file"),
    );
    expect((await readdir(folder)).sort()).toEqual(["model.onnx", "taken", "weights.bin"]);
  });
});

it("taps activations of a file whose weights lie outside, as of its bytes", async () => {
  const path = await writeModel();
  const out = join(folder, "tapped.onnx");
  const layouts = await tapActivationsFile(path, out, { taps: [{ at: "h", edit: true }, { at: "y" }] });
  const tapped = tapActivations(await readFile(path), { taps: [{ at: "h", edit: true }, { at: "y" }] });
  expect(layouts).toEqual(tapped.layouts);
  expect(Buffer.from(tapped.model).equals(await readFile(out))).toBe(true);
  expect((await readdir(folder)).sort()).toEqual(["model.onnx", "tapped.onnx", "weights.bin"]);
});
