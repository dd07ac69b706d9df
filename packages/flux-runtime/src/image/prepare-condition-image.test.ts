import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readTensors } from "../checkpoint/read-safetensors.ts";
import { countTurns } from "../../test/count-turns.ts";
import { prepareConditionImage } from "./prepare-condition-image.ts";
import { readImage } from "./read-image.ts";
import type { RgbImage } from "./rgb-image.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/klein-tiny/${name}`, import.meta.url));

/** Red is the column, green the row, both modulo 256. */
function coordinates(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set([i % width, Math.floor(i / width), 7], i * 3);
  return { width, height, data };
}
const level = (value: number): number => Math.fround(Math.fround(2 * Math.fround(value / 255)) - 1);

describe("prepareConditionImage(image)", () => {
  it("equals the reference on input.png, to the last bit", async () => {
    const expected = (await readTensors(fixture("expected.safetensors"))).get("vae.input");
    expect(await prepareConditionImage(await readImage(fixture("input.png")))).toEqual(expected);
  });

  it("cuts about the centre to multiples of 16, the odd pixel on the right and below", async () => {
    const { data, shape } = await prepareConditionImage(coordinates(64 + 5, 80 + 15));
    expect(shape).toEqual([1, 3, 80, 64]);
    expect(data[0]).toBe(level(2)); // 5 columns: 2 on the left, 3 on the right
    expect(data[80 * 64]).toBe(level(7)); // 15 rows: 7 above, 8 below
    expect(data[2 * 80 * 64]).toBe(level(7));
  });

  it("cuts to multiples of what the autoencoder asks for", async () => {
    expect((await prepareConditionImage(coordinates(100, 70), { multipleOf: 32 })).shape).toEqual([
      1, 3, 64, 96,
    ]);
  });

  it("leaves images up to a megapixel at their size", async () => {
    expect((await prepareConditionImage(coordinates(2048, 512))).shape).toEqual([1, 3, 512, 2048]);
  });

  it("reduces larger images to a megapixel, keeping their shape", async () => {
    // 2000 × 1500: the scale is 1024 / √3,000,000; 1182 × 886 before the cut.
    expect((await prepareConditionImage(coordinates(2000, 1500))).shape).toEqual([1, 3, 880, 1168]);
    expect((await prepareConditionImage(coordinates(1025, 1024))).shape).toEqual([1, 3, 1008, 1024]);
  });

  it("leaves the event loop to others while it reduces a photograph", async () => {
    const photograph = { width: 4_000, height: 3_000, data: new Uint8Array(4_000 * 3_000 * 3) };
    expect(await countTurns(prepareConditionImage(photograph))).toBeGreaterThan(5);
  });

  it("maps 0 and 255 to −1 and 1", async () => {
    const image = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).map((_, i) => (i % 2) * 255) };
    expect(new Set((await prepareConditionImage(image)).data)).toEqual(new Set([-1, 1]));
  });

  it.each([
    ["a side below 64 pixels", 63, 64, 16, /63 × 64 pixels, but each side must have 64/],
    ["a side below the multiple", 64, 100, 96, /each side must have 96/],
    ["a ratio beyond 8 : 1", 64, 64 * 8 + 1, 16, /ratio of 8.0 : 1, but 8 : 1 is the most/],
  ])("refuses %s", async (_title, width, height, multipleOf, message) => {
    const prepared = prepareConditionImage(coordinates(width, height), { multipleOf });
    await expect(prepared).rejects.toMatchObject({ code: "unsuitable-image" });
    await expect(prepared).rejects.toThrow(message);
  });
  it("takes a ratio of exactly 8 : 1", async () => {
    expect((await prepareConditionImage(coordinates(64, 512))).shape).toEqual([1, 3, 512, 64]);
  });

  it.each([
    [64, 64, 10],
    [64, 64, 64 * 64 * 3 + 1],
    [64.5, 64, 64 * 64 * 3],
    [NaN, 64, 0],
  ])("refuses an image of %d × %d with %i bytes", async (width, height, length) => {
    await expect(
      prepareConditionImage({ width, height, data: new Uint8Array(length) }),
    ).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
