import { equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { openLineReader } from "./line-reader.js";
import { writeRandomEncoder } from "./random-encoder.js";
import { pairs } from "./sentences.js";

const sentences = pairs.flatMap(({ a, b }) => [a, b]);
for (const { a, b } of pairs)
  equal([...a].sort().join(""), [...b].sort().join(""), "a pair differs in its letters");

// What is measured is a model that reads: it writes down every sentence as it was printed.
const reader = await openLineReader();
const session = await ort.InferenceSession.create(reader.bytes);
for (const sentence of sentences) {
  const [scores] = Object.values(await session.run(await reader.feeds(sentence)));
  ok(scores !== undefined);
  equal(reader.decode(scores), sentence);
}
console.log(`The line reader reads all ${sentences.length} sentences.`);

const probe = (...args: string[]): string =>
  execFileSync("node", ["dist/probe.js", ...args], { encoding: "utf8" });
const printed = probe();
match(printed, /^2 attention blocks, 16 heads, 30 pairs$/m);
console.log(printed);

const folder = join(tmpdir(), `random-encoder-${process.pid}`);
try {
  await writeRandomEncoder(folder, sentences);
  match(
    probe(folder),
    /^2 attention blocks, 8 heads, 30 pairs$[^]*layer\.[01]\.attention\.output\.head\.\d  t /m,
  );
  console.log("A folder in the layout of the Hugging Face Hub is read and measured, too.");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
