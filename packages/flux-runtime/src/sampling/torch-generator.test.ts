import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readTensors } from "../checkpoint/read-safetensors.ts";
import { createTorchGenerator } from "./torch-generator.ts";

const fixtures = new URL("../../test/fixtures/klein-tiny/", import.meta.url);

/** Recorded from PyTorch 2.13 on x64: `torch.randn(shape, generator=torch.Generator().manual_seed(seed))`. */
interface RecordedNoise {
  readonly seed: number;
  readonly shape: readonly number[];
  readonly sum: number;
  readonly abs_sum: number;
}
const expected = JSON.parse(readFileSync(new URL("expected.json", fixtures), "utf8")) as {
  readonly randn: Readonly<Record<string, RecordedNoise>>;
};
const recorded = await readTensors(fileURLToPath(new URL("expected.safetensors", fixtures)));

describe("createTorchGenerator(seed).randn(shape)", () => {
  it.each(Object.entries(expected.randn))(
    "equals PyTorch bit for bit: %s",
    (name, { seed, shape, ...sums }) => {
      const noise = createTorchGenerator(seed).randn(shape);
      expect(noise.shape).toEqual(shape);
      const values = recorded.get(name)?.data ?? new Float32Array(0);
      expect(values.length).toBeGreaterThanOrEqual(15); // the first 64 of the large case, else all
      expect(noise.data.slice(0, values.length)).toEqual(values);
      let sum = 0;
      let absoluteSum = 0;
      for (const value of noise.data) {
        sum += value;
        absoluteSum += Math.abs(value);
      }
      expect(sum).toBeCloseTo(sums.sum, 9);
      expect(absoluteSum).toBeCloseTo(sums.abs_sum, 9);
    },
  );

  it("goes on in the stream from call to call", () => {
    const whole = createTorchGenerator(3).randn([32]).data;
    const generator = createTorchGenerator(3);
    const halves = [...generator.randn([16]).data, ...generator.randn([4, 4]).data];
    expect(halves.slice(0, 16)).toEqual([...whole.slice(0, 16)]);
    expect(halves).toEqual([...whole]);
  });

  it("keeps the second value of a pair for the next small call, past a large one", () => {
    const pairs = createTorchGenerator(5).randn([4]).data;
    const generator = createTorchGenerator(5);
    expect([...generator.randn([1]).data]).toEqual([pairs[0]]);
    const large = generator.randn([16]).data;
    expect([...generator.randn([1]).data]).toEqual([pairs[1]]);
    // The large call began after the two 64-bit uniforms, four words, of the first pair.
    const skipped = createTorchGenerator(5);
    skipped.randn([2]);
    expect(large).toEqual(skipped.randn([16]).data);
  });

  it("draws nothing for an empty shape", () => {
    const generator = createTorchGenerator(1);
    expect(generator.randn([0, 4])).toEqual({ data: new Float32Array(0), shape: [0, 4] });
    expect(generator.randn([2])).toEqual(createTorchGenerator(1).randn([2]));
  });

  it("takes the lowest 32 bits of a seed, negative seeds in two's complement", () => {
    const noise = (seed: number | bigint): Float32Array => createTorchGenerator(seed).randn([20]).data;
    expect(noise(2 ** 32 + 7)).toEqual(noise(7));
    expect(noise(2n ** 64n - 1n)).toEqual(noise(-1));
    expect(noise(-1)).toEqual(noise(2 ** 32 - 1));
    expect(noise(7)).not.toEqual(noise(8));
  });

  it.each([0.5, NaN, 2 ** 53, 2n ** 64n, -(2n ** 63n) - 1n])("refuses the seed %s", (seed) => {
    expect(() => createTorchGenerator(seed)).toThrow(/seed must be an integer/);
  });
});
