// Seconds and peak memory of each stage of the probe, on a checkpoint and a device of choice:
//   node bench/stages.mjs --checkpoint DIR [--width 256 --height 256 --passes 2 --max-sequence-length 512
//     --device cpu --dtype float32 --weights mapped --batch 1 --out FILE.json --tensors FILE.safetensors]
// --tensors keeps what went into the pass and what was captured, for bench/pytorch-pass.py to compare with.
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import * as flux from "@measure-plantain/flux-runtime";
import { hookModel } from "@measure-plantain/head-hooks";

const { values } = parseArgs({
  options: {
    checkpoint: { type: "string" },
    width: { type: "string", default: "256" },
    height: { type: "string", default: "256" },
    passes: { type: "string", default: "2" },
    batch: { type: "string", default: "1" },
    "max-sequence-length": { type: "string", default: "512" },
    device: { type: "string", default: "cpu" },
    dtype: { type: "string" },
    weights: { type: "string" },
    out: { type: "string" },
    tensors: { type: "string" },
  },
});
if (values.checkpoint === undefined)
  throw new Error("Give --checkpoint, a folder in the Hugging Face layout.");

const { device } = values;
const weights = flux.chooseWeights({ device, weights: values.weights });
const dtype = flux.chooseComputeType({ device, ...(values.dtype && { dtype: values.dtype }) });
const pixels = { width: Number(values.width), height: Number(values.height) };
const maxSequenceLength = Number(values["max-sequence-length"]);
const [passes, batch] = [Number(values.passes), Number(values.batch)];
const stages = [];

/** Runs one stage; `time(run)` measures a repetition of it, `runtime` goes to its session. */
async function stage(name, run) {
  const record = { stage: name, seconds: [] };
  stages.push(record);
  const time = async (repetition) => {
    const began = performance.now();
    const result = await repetition();
    record.seconds.push((performance.now() - began) / 1_000);
    return result;
  };
  const runtime = { device, dtype, weights, onPeakMemory: (peak) => (record.peak = peak) };
  const result = await run(time, runtime);
  const memory = record.peak
    ? `; private ${gigabytes(record.peak.private)} GB, resident ${gigabytes(record.peak.resident)} GB`
    : "";
  console.log(`${name}: ${record.seconds.map((value) => value.toFixed(2)).join(", ")} s${memory}`);
  return result;
}

function gigabytes(bytes) {
  return (bytes / 1e9).toFixed(2);
}

const checkpoint = await stage("open the checkpoint", (time) =>
  time(() => flux.openCheckpoint(values.checkpoint)),
);
const { config } = checkpoint.transformer;
const { model, layout } = await stage("author and hook the transformer's graph", (time) =>
  time(async () =>
    hookModel(await flux.buildTransformerModel(checkpoint, { device, dtype }), {
      taps: flux
        .listOutputProjections(config)
        .filter(({ tokens }) => tokens !== "text")
        .map(({ node }) => ({ at: node })),
      groupSize: 16,
    }),
  ),
);
await stage("encode a prompt", async (time, runtime) => {
  const encoder = await flux.openTextEncoder(checkpoint, { ...runtime, maxSequenceLength });
  for (let k = 0; k < passes; k += 1) await time(() => encoder.encode(`a grey object, number ${k}`));
  await encoder.close();
});
const image = {
  data: new Float32Array(3 * pixels.width * pixels.height),
  shape: [1, 3, pixels.height, pixels.width],
};
const references = await stage("encode the reference", (time, runtime) =>
  time(() => flux.encodeImages(checkpoint, [image], runtime)),
);
const promptEmbeds = {
  data: Float32Array.from({ length: maxSequenceLength * config.joint_attention_dim }, (_, index) =>
    Math.sin(index),
  ),
  shape: [1, maxSequenceLength, config.joint_attention_dim],
};
const size = flux.tokenGrid(checkpoint, pixels);
await stage(`a transformer pass of batch ${batch} (the first time with opening)`, async (time, runtime) => {
  let transformer;
  const pass = {
    latents: flux.drawNoise(checkpoint, { seed: 0, size }),
    references,
    promptEmbeds,
    timestep: 1_000,
  };
  let results;
  for (let k = 0; k < passes; k += 1) {
    await time(async () => {
      transformer ??= await flux.openTransformer(checkpoint, { ...runtime, rewriteGraph: () => model });
      results = await transformer.predictBatch(Array.from({ length: batch }, () => pass));
    });
  }
  await transformer.close();
  if (values.tensors !== undefined) {
    await flux.writeSafetensors(values.tensors, [
      { name: "noise", ...pass.latents.tokens },
      { name: "reference", ...references[0].tokens },
      { name: "prompt_embeds", ...promptEmbeds },
      { name: "velocity", ...results[0].velocity },
      { name: "mean_square", ...results[0].extraOutputs.mean_square },
      { name: "grid", data: Int32Array.of(size.height, size.width), shape: [2] },
    ]);
  }
});

const tokens = maxSequenceLength + 2 * size.height * size.width;
const machine = {
  processor: cpus()[0]?.model,
  threads: availableParallelism(),
  memory: totalmem(),
  node: process.version,
};
const settings = {
  ...pixels,
  maxSequenceLength,
  tokens,
  device,
  dtype,
  weights,
  batch,
  units: layout.unitCount,
};
console.log(
  `${tokens} tokens, ${layout.unitCount} units, ${device} ${dtype} ${weights}; ${machine.processor}`,
);
if (values.out !== undefined)
  writeFileSync(values.out, `${JSON.stringify({ machine, settings, stages }, null, 2)}\n`);
