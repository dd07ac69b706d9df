import { expect, it } from "vitest";
import { ggmlQuantizations, randomBlocks } from "../../test/ggml-reference.ts";
import { blockFormats, dequantize } from "./dequantize.ts";

it.each(Object.entries(ggmlQuantizations))(
  "%s gives the float32 numbers of ggml, in every code",
  (name, quantization) => {
    const format = blockFormats[name];
    if (format === undefined) throw new Error(`${name} is not read`);
    expect([format.length, format.bytes]).toEqual([quantization.length, quantization.bytes]);
    const { data, values } = randomBlocks(quantization, 64 * quantization.length, 7);
    expect(dequantize(data, format)).toEqual(values);
    expect(new Set(values).size).toBeGreaterThan(200);
  },
);
