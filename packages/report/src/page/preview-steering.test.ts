import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRun, type Steering } from "@measure-plantain/probe";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { previewSteering } from "./preview-steering.ts";

const folder = mkdtempSync(join(tmpdir(), "previews-"));
const files = ["a.png", "b.png", "c.png"];
// What a preview is made from: the names of the images, nothing else of the record.
const steering = { images: files.map((file) => ({ file })) } as unknown as Steering;

beforeAll(async () => {
  mkdirSync(join(folder, "steering"));
  writeFileSync(join(folder, "manifest.json"), '{"schemaVersion":1}');
  for (const [index, file] of files.entries()) {
    const noise = {
      create: { width: 512, height: 256, channels: 3 as const, background: { r: 80 * index, g: 0, b: 0 } },
    };
    await sharp(noise)
      .png()
      .toFile(join(folder, "steering", file));
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("makes a small copy of each image", async () => {
  const { previews } = await previewSteering(await openRun(folder), steering);
  expect([...previews.keys()]).toEqual(files);
  for (const { image, type } of previews.values()) {
    expect(await sharp(image).metadata()).toMatchObject({ format: "webp", width: 224, height: 112 });
    expect(type).toBe("image/webp");
  }
});

it("leaves out those that the page has no room for, and those that are gone", async () => {
  const run = await openRun(folder);
  const [first] = (await previewSteering(run, steering)).previews.values();
  const mostBytes = (first?.image.length ?? 0) + 1;
  expect([...(await previewSteering(run, steering, { mostBytes })).previews.keys()]).toEqual(["a.png"]);
  rmSync(join(folder, "steering", "b.png"));
  expect([...(await previewSteering(run, steering)).previews.keys()]).toEqual(["a.png", "c.png"]);
});
