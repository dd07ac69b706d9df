import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocatedWeight } from "../checkpoint/located-weight.ts";
import { decodeBfloat16, decodeFloat16, encodeBfloat16 } from "../checkpoint/half-precision.ts";
import { readSafetensorsHeader } from "../checkpoint/safetensors-header.ts";
import { writeSafetensors, type TensorToWrite } from "../checkpoint/write-safetensors.ts";
import { convertWeight } from "./convert-weight.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "convert-weight-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A weight in a file of its own. */
async function store(tensor: TensorToWrite): Promise<LocatedWeight> {
  const file = join(folder, `${tensor.name}.safetensors`);
  await writeSafetensors(file, [tensor]);
  const entry = (await readSafetensorsHeader(file)).tensors.get(tensor.name);
  if (entry === undefined) throw new Error("the tensor that was just written is missing");
  return { ...entry, file, location: file };
}

/** What a weight without a scale becomes. */
async function convertOne(...given: Parameters<typeof convertWeight>): Promise<TensorToWrite> {
  const [converted, ...more] = await convertWeight(...given);
  if (converted === undefined || more.length > 0) throw new Error("one weight in, one out");
  return converted;
}

/** All bfloat16 bit patterns of a magnitude in [least, most]. */
function patterns(least: number, most: number): Uint16Array {
  return Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => {
    const size = Math.abs(decodeBfloat16(Uint16Array.of(bits))[0] ?? NaN);
    return size >= least && size <= most;
  });
}

describe("convertWeight(weight, required, storedType)", () => {
  it("keeps every bfloat16 number from 2^-17 to 65,280 in float16, and smaller ones to 2^-25", async () => {
    for (const [least, most, error] of [
      [2 ** -17, 65_280, 0],
      [0, 2 ** -17, 2 ** -25],
    ] as const) {
      const data = patterns(least, most);
      const shape = [data.length, 1];
      const weight = await store({ name: "w", shape, data, dtype: "BF16" });
      const converted = await convertOne(weight, { name: "w", shape }, "float16");
      expect(converted.dtype).toBe("F16");
      const values = decodeFloat16(converted.data as Uint16Array<ArrayBuffer>);
      for (const [i, value] of decodeBfloat16(data).entries()) {
        expect(Math.abs((values[i] ?? NaN) - value)).toBeLessThanOrEqual(error);
      }
    }
  });

  it.each([70_000, Infinity, NaN])("keeps a matrix in float32 that holds %s", async (value) => {
    const data = encodeBfloat16(Float32Array.of(1, value));
    const weight = await store({ name: "large", shape: [1, 2], data, dtype: "BF16" });
    const converted = await convertOne(weight, { name: "large", shape: [1, 2] }, "float16");
    expect(converted.data).toEqual(decodeBfloat16(data));
  });

  it("exchanges the axes of a matrix, in each type", async () => {
    const [rows, columns] = [130, 67]; // more than a tile, and no multiple of one
    const values = Float32Array.from({ length: rows * columns }, (_, i) => i % 251);
    const turned = Float32Array.from(
      values,
      (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? NaN,
    );
    const required = { name: "m", shape: [columns, rows], layout: "transposed" } as const;
    const bf16 = await store({
      name: "m",
      shape: [rows, columns],
      data: encodeBfloat16(values),
      dtype: "BF16",
    });
    const half = await convertOne(bf16, required, "float16");
    expect(half).toMatchObject({ dtype: "F16", shape: [columns, rows] });
    expect(decodeFloat16(half.data as Uint16Array<ArrayBuffer>)).toEqual(turned);
    expect((await convertOne(bf16, required, "float32")).data).toEqual(turned);
    const f32 = await store({ name: "m", shape: [rows, columns], data: values });
    expect((await convertOne(f32, required, "float16")).data).toEqual(turned); // no digit is lost
  });

  it("keeps what has one axis in float32", async () => {
    const weight = await store({
      name: "scale",
      shape: [2],
      data: Uint16Array.of(0x3c00, 0xc000),
      dtype: "F16",
    });
    const converted = await convertOne(weight, { name: "scale", shape: [2] }, "float16");
    expect(converted).toEqual({ name: "scale", shape: [2], data: Float32Array.of(1, -2) });
  });
});
