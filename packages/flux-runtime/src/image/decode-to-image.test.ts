import { describe, expect, it } from "vitest";
import { fileURLToPath } from "node:url";
import { countTurns } from "../../test/count-turns.ts";
import { readTensors } from "../checkpoint/read-safetensors.ts";
import type { Tensor } from "../tensor.ts";
import { decodeToImage } from "./decode-to-image.ts";
import { readImage } from "./read-image.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/klein-tiny/${name}`, import.meta.url));
/** One pixel a value, in all three channels. */
const pixels = (...values: number[]): Tensor => ({
  data: Float32Array.from([...values, ...values, ...values]),
  shape: [1, 3, 1, values.length],
});
const reds = async (tensor: Tensor): Promise<number[]> => [
  ...(await decodeToImage(tensor)).data.filter((_, i) => i % 3 === 0),
];

describe("decodeToImage(decoded)", () => {
  it("maps [−1, 1] to 0 to 255 and clamps what lies outside", async () => {
    expect(await reds(pixels(-1, 1, -7, 1.001, Infinity, -Infinity))).toEqual([0, 255, 0, 255, 255, 0]);
  });

  it("rounds halves to even, as numpy does", async () => {
    // 0 becomes 127.5, which lies between 127 and 128.
    expect(await reds(pixels(0))).toEqual([128]);
    // (x / 2 + 0.5) · 255 = 2.5 at x = 5 / 255 − 1, if float32 held it; take the nearest that does.
    const share = Math.fround(2.5 / 255);
    expect(Math.fround(share * 255)).toBe(2.5);
    expect(await reds(pixels(Math.fround(2 * share - 1)))).toEqual([2]);
  });

  it("puts the channels of a pixel side by side", async () => {
    const planes: Tensor = { data: Float32Array.of(-1, 1, 1, -1, -1, -1), shape: [1, 3, 1, 2] };
    expect(await decodeToImage(planes)).toEqual({
      width: 2,
      height: 1,
      data: Uint8Array.of(0, 255, 0, 255, 0, 0),
    });
  });

  it("equals the image that the reference saved", async () => {
    const expected = (await readTensors(fixture("expected.safetensors"))).get("generate.image");
    // The recording holds the denormalised [H, W, 3] in [0, 1].
    const [height = 0, width = 0] = expected?.shape ?? [];
    const data = new Float32Array(3 * height * width).map((_, i) => {
      const [channel, pixel] = [Math.floor(i / (height * width)), i % (height * width)];
      return 2 * (expected?.data[pixel * 3 + channel] ?? NaN) - 1;
    });
    expect(await decodeToImage({ data, shape: [1, 3, height, width] })).toEqual(
      await readImage(fixture("reference.png")),
    );
  });

  it("leaves the event loop to others while it converts a large image", async () => {
    const side = 2_048;
    const large: Tensor = { data: new Float32Array(3 * side * side), shape: [1, 3, side, side] };
    expect(await countTurns(decodeToImage(large))).toBeGreaterThan(3);
  });

  it("refuses NaN, naming the place", async () => {
    await expect(decodeToImage(pixels(0, NaN))).rejects.toThrow(/channel 0, row 0, column 1/);
  });

  it("refuses other shapes", async () => {
    const batch: Tensor = { data: new Float32Array(6), shape: [2, 3, 1, 1] };
    await expect(decodeToImage(batch)).rejects.toThrow(/\[1, 3, H, W\], but has \[2, 3, 1, 1\]/);
  });

  it.each([5, 7])("refuses %i values where the shape has 6", async (length) => {
    await expect(decodeToImage({ data: new Float32Array(length), shape: [1, 3, 1, 2] })).rejects.toThrow(
      `6 values for the shape [1, 3, 1, 2], but are ${length}`,
    );
  });
});
