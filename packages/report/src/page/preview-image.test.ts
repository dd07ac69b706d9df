import sharp from "sharp";
import { expect, test } from "vitest";
import { previewImage } from "./preview-image.ts";

/** A PNG of noise, which nothing compresses. */
async function noise(width: number, height: number): Promise<Uint8Array> {
  let state = 1;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state >>> 24;
  });
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

test("an image of 1024 pixels takes less than a tenth of its file on the page, at the same shape", async () => {
  const file = await noise(1024, 768);
  const { image, type } = await previewImage(file);
  expect(await sharp(image).metadata()).toMatchObject({ format: "webp", width: 640, height: 480 });
  expect(type).toBe("image/webp");
  expect(image.length).toBeLessThan(file.length / 10);
});

test("a small image keeps its size", async () => {
  const { image } = await previewImage(await noise(64, 96));
  expect(await sharp(image).metadata()).toMatchObject({ width: 64, height: 96 });
});
