import type { SteeredImage, Steering } from "@measure-plantain/probe";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { renderSteering } from "../page/sections/steering-section.ts";
import type { PreviewImage } from "../page/preview-image.ts";
import { formatDifference, formatSteering, steeringMarkdown } from "./format-steering.ts";

const image = (prompt: number, set: number | null, scale: number, difference: number): SteeredImage => ({
  file: `${prompt}-${set ?? "plain"}-${scale}.png`,
  sha256: "",
  key: "",
  prompt,
  seed: 7,
  set,
  scale,
  difference,
});
const images = [0, 1].flatMap((prompt) => [
  image(prompt, null, 1, 0),
  ...[0, 1].flatMap((set) => [
    image(prompt, set, 0, 10 * (set + 1) + 2 * prompt),
    image(prompt, set, -1, 0.25),
  ]),
]);
const steering: Steering = {
  schemaVersion: 1,
  capturesSha256: null,
  settings: {
    granularity: "head",
    units: ["top:1"],
    random: 0,
    setSeed: 0,
    scale: [0, -1],
    prompts: ["a <b>cat</b>", "a dog"],
    seeds: [7],
    rendering: {
      width: 64,
      height: 32,
      steps: 2,
      guidance: 4,
      maxSequenceLength: 52,
      textEncoderLayers: [9, 18, 27],
      rotaryFrequencies: "float32",
      device: "cpu",
      dtype: "float32",
      weights: "mapped",
      threads: 1,
    },
  },
  sets: [
    { name: "top 1", units: ["single.1.head.0"], meanAbsT: 8 },
    { name: "bottom 1", units: ["single.1.head.1"], meanAbsT: 0.01 },
  ],
  images,
};
const preview: PreviewImage = { image: Uint8Array.of(1, 2, 3), type: "image/webp" };

it("formatSteering gives each set's mean |t| and its mean difference for each factor", () => {
  const [header, top, bottom, text] = formatSteering(steering).split("\n");
  expect(header?.trim().split(/ {2,}/)).toEqual(["mean |t|", "×0", "×−1"]);
  expect(top?.split(/ {2,}/)).toEqual(["top 1", "8.00", "11.0", "0.25"]);
  expect(bottom?.split(/ {2,}/)).toEqual(["bottom 1", "0.01", "21.0", "0.25"]);
  expect(text).toMatch(/^2 prompts × 1 seed, 64 × 32 pixels, 2 steps, guidance 4: .*real attention heads/);
});

it("says how many images are still to be rendered", () => {
  const part = { ...steering, images: images.slice(0, 3) };
  expect(formatSteering(part)).toContain("7 of 10 images are still to be rendered.");
  expect(formatSteering(part).split("\n")[2]?.split(/ {2,}/)).toEqual(["bottom 1", "0.01", "–", "–"]);
  expect(formatSteering(steering)).not.toContain("still to be rendered");
});

it("steeringMarkdown is a section of summary.md, and nothing without a steering", () => {
  expect(steeringMarkdown(null)).toEqual([]);
  expect(steeringMarkdown(steering).join("")).toContain(
    "| set | mean \\|t\\| | ×0 | ×−1 |\n| --- | ---: | ---: | ---: |\n| top 1 | 8.00 | 11.0 | 0.25 |\n",
  );
});

it.each([
  [0, "0.0"],
  [12.345, "12.3"],
  [0.04321, "0.043"],
  [123.4, "123"],
  [null, "–"],
])("formatDifference(%s) is %s", (value, text) => {
  expect(formatDifference(value)).toBe(text);
});

describe("renderSteering", () => {
  const previews = new Map(images.map(({ file }) => [file, preview]));
  const { document } = parseHTML(renderSteering({ steering, previews })?.markup ?? "");

  it("is left out without a steering", () => {
    expect(renderSteering(null)).toBeNull();
  });

  it("shows for each prompt the image as it is once, and each set by each factor, labelled", () => {
    const sheets = [...document.querySelectorAll(".sheet")];
    expect([...document.querySelectorAll("h3")].map((title) => title.textContent)).toEqual([
      "a <b>cat</b>, seed 7",
      "a dog, seed 7",
    ]);
    expect(sheets).toHaveLength(2);
    const [first] = sheets;
    expect([...(first?.querySelectorAll("thead th") ?? [])].map((cell) => cell.textContent)).toEqual([
      "",
      "×1",
      "×0",
      "×−1",
    ]);
    expect([...(first?.querySelectorAll("img") ?? [])].map((shown) => shown.getAttribute("alt"))).toEqual([
      "a <b>cat</b>, as it is",
      "a <b>cat</b>, top 1 ×0",
      "a <b>cat</b>, top 1 ×−1",
      "a <b>cat</b>, bottom 1 ×0",
      "a <b>cat</b>, bottom 1 ×−1",
    ]);
    expect(first?.querySelector("td")?.getAttribute("rowspan")).toBe("2");
    expect(first?.querySelector("img")?.getAttribute("src")).toBe("data:image/webp;base64,AQID");
    expect(document.querySelector("#steering b")).toBeNull();
  });

  it("has every number with all its digits, and the units", () => {
    const numbers = [...document.querySelectorAll(".numbers data")].map((cell) => cell.getAttribute("value"));
    expect(numbers).toEqual(["8", "11", "0.25", "0.01", "21", "0.25"]);
    expect(document.querySelector("details")?.textContent).toMatch(/top 1: single\.1\.head\.0/);
  });

  it("says how many images the page has no room for", () => {
    const few = new Map([...previews].slice(0, 4));
    const page = renderSteering({ steering, previews: few })?.markup ?? "";
    expect(page.match(/<img/g)).toHaveLength(4);
    expect(page.match(/class="sheet"/g)).toHaveLength(1);
    expect(page).toMatch(/6 more images are in the folder/);
  });
});
