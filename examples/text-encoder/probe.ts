import * as hooks from "@measure-plantain/head-hooks";
import * as stats from "@measure-plantain/paired-stats";
import * as ort from "onnxruntime-node";
import { openLineReader } from "./line-reader.js";
import { pairs } from "./sentences.js";
import { openTokenEncoder } from "./token-encoder.js";

const folder = process.argv[2];
const textModel = folder === undefined ? await openLineReader() : await openTokenEncoder(folder);

// Where the heads are, and how many, is read from the graph.
const { model, layout } = hooks.hookModel(textModel.bytes, { reduction: "rms" });
const session = await ort.InferenceSession.create(model);
const rows: number[] = [];
for (const sentence of pairs.flatMap(({ a, b }) => [a, b])) {
  const outputs = await session.run(await textModel.feeds(sentence), [layout.outputName]);
  rows.push(...hooks.headReductions(hooks.readCapture(outputs, layout), layout).data);
}

const measurements = { data: Float64Array.from(rows), shape: [pairs.length, 2, layout.headCount] };
const { a, b } = stats.splitConditions(measurements);
const differences = stats.pairedDifference(a, b);
const { t, cohensDz } = stats.pairedT(differences);
const labellings = { flips: 10_000 };
const familyWise = await stats.stepDownMaxT(differences, labellings);

console.log(
  `${textModel.title}\n${layout.taps.length} attention blocks, ${layout.headCount} heads, ${pairs.length} pairs`,
);
console.log(stats.describeSignFlipNull(await stats.signFlipNull(differences, labellings)));
const heads = hooks.headRecords(layout).map(({ address }, head) => ({ address, head }));
const size = (head: number): number => Math.abs(t[head] ?? 0);
for (const { address, head } of heads.sort((one, other) => size(other.head) - size(one.head)).slice(0, 5)) {
  const [ownT, dz, p] = [t, cohensDz, familyWise].map((values) => values[head]?.toFixed(2).padStart(6));
  console.log(`${address}  t ${ownT}  d_z ${dz}  family-wise p ${p}`);
}
