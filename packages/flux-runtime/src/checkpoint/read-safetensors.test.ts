import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRows, readTensor, readTensors } from "./read-safetensors.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";
import { writeSafetensors } from "./write-safetensors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "read-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("readTensors(path)", () => {
  it("decodes F32, F64, F16, BF16, I32 and I64 to float32", async () => {
    const path = join(folder, "all.safetensors");
    await writeSafetensors(path, [
      { name: "f64", shape: [2], data: Float64Array.of(0.1, -2) },
      { name: "i64", shape: [1], data: BigInt64Array.of(-(2n ** 24n)) },
      { name: "f32", shape: [1, 2], data: Float32Array.of(1.5, -2.5) },
      { name: "i32", shape: [2], data: Int32Array.of(7, -7) },
      { name: "f16", shape: [1], data: Uint16Array.of(0x3c00), dtype: "F16" },
      { name: "bf16", shape: [], data: Uint16Array.of(0x4000), dtype: "BF16" },
    ]);
    const tensors = await readTensors(path);
    const values = Object.fromEntries([...tensors].map(([name, { data }]) => [name, [...data]]));
    expect(values).toEqual({
      f64: [Math.fround(0.1), -2],
      i64: [-(2 ** 24)],
      f32: [1.5, -2.5],
      i32: [7, -7],
      f16: [1],
      bf16: [2],
    });
    expect(tensors.get("f32")?.shape).toEqual([1, 2]);
    expect(tensors.get("bf16")?.shape).toEqual([]);
  });

  it("refuses integers that float32 cannot be trusted to hold, naming the first", async () => {
    const path = join(folder, "large.safetensors");
    await writeSafetensors(path, [{ name: "i", shape: [2], data: BigInt64Array.of(1n, 2n ** 24n + 1n) }]);
    await expect(readTensors(path)).rejects.toThrow(/16777217 at element 1/);
  });

  it("refuses element types that have no float32 meaning here", async () => {
    const path = join(folder, "bytes.safetensors");
    await writeSafetensors(path, [{ name: "u", shape: [1], data: Uint8Array.of(1) }]);
    await expect(readTensors(path)).rejects.toMatchObject({
      code: "unsupported-dtype",
      details: { dtype: "U8" },
    });
  });
});

describe("readTensor(path, entry)", () => {
  it("refuses a file that was cut short after its header was read", async () => {
    const path = join(folder, "cut.safetensors");
    await writeSafetensors(path, [{ name: "a", shape: [4], data: new Float32Array(4) }]);
    const { tensors, fileSize } = await readSafetensorsHeader(path);
    await truncate(path, fileSize - 5);
    const [entry] = tensors.values();
    if (entry === undefined) throw new Error("the tensor that was just written is missing");
    await expect(readTensor(path, entry)).rejects.toMatchObject({ code: "malformed-safetensors" });
  });
});

describe("readRows(path, entry, rows)", () => {
  it("reads rows in the order that is asked for, each as often", async () => {
    const path = join(folder, "rows.safetensors");
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    await writeSafetensors(path, [{ name: "table", shape: [4, 3], data }]);
    const entry = (await readSafetensorsHeader(path)).tensors.get("table");
    if (entry === undefined) throw new Error("the tensor that was just written is missing");
    const { data: rows, shape } = await readRows(path, entry, [2, 0, 2]);
    expect(shape).toEqual([3, 3]);
    expect([...rows]).toEqual([6, 7, 8, 0, 1, 2, 6, 7, 8]);
    await expect(readRows(path, entry, [0, 4])).rejects.toThrow(/Row 4 .* table of 4 rows/);
  });
});
