// What a tap costs beside the projection that it taps: one projection [C → 3072] at 1,536 tokens, plain and hooked.
import { create, toBinary } from "@bufbuild/protobuf";
import { hookModel } from "@measure-plantain/head-hooks";
import { ModelProtoSchema } from "onnx-buf";
import * as ort from "onnxruntime-node";
import { performance } from "node:perf_hooks";

const TOKENS = 1536;
const OUT = 3072;
const REPEATS = 7;

console.log("| input channels | projection | tap | tap, 3 segments |");
console.log("| --- | --- | --- | --- |");
for (const channels of [3072, 12288]) {
  const taps = { taps: [{ at: "out" }], groupSize: 16 };
  const projection = await milliseconds(projectionModel(channels, OUT), channels);
  // Beside a projection to one channel, which costs next to nothing, the tap can be told from noise.
  const narrow = projectionModel(channels, 1);
  const base = await milliseconds(narrow, channels);
  const whole = (await milliseconds(hookModel(narrow, taps).model, channels)) - base;
  const segments =
    (await milliseconds(hookModel(narrow, { ...taps, segments: true }).model, channels)) - base;
  const share = (time) => `${time.toFixed(1)} ms (${((100 * time) / projection).toFixed(1)} %)`;
  console.log(`| ${channels} | ${projection.toFixed(0)} ms | ${share(whole)} | ${share(segments)} |`);
}

/** `x` → projection `out` [C, out], whose result is the graph's output. */
function projectionModel(channels, out) {
  const weight = new Uint8Array(new Float32Array(out * channels).fill(1e-3).buffer);
  const type = (elemType, dims) => ({
    value: {
      case: "tensorType",
      value: {
        elemType,
        shape: { dim: dims.map((value) => ({ value: { case: "dimValue", value: BigInt(value) } })) },
      },
    },
  });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 10n,
      opsetImport: [
        { domain: "", version: 21n },
        { domain: "com.microsoft", version: 1n },
      ],
      graph: {
        name: "bench",
        node: [
          {
            name: "out",
            opType: "FusedMatMul",
            domain: "com.microsoft",
            input: ["x", "weight"],
            output: ["y"],
            attribute: [{ name: "transB", type: 2, i: 1n }],
          },
        ],
        initializer: [
          { name: "weight", dataType: 1, dims: [BigInt(out), BigInt(channels)], rawData: weight },
        ],
        input: [{ name: "x", type: type(1, [1, TOKENS, channels]) }],
        output: [{ name: "y", type: type(1, [1, TOKENS, out]) }],
      },
    }),
  );
}

/** Median time of a run, without the first. */
async function milliseconds(model, channels) {
  const session = await ort.InferenceSession.create(model, {
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
  });
  const x = Float32Array.from({ length: TOKENS * channels }, (_, index) => Math.sin(index));
  const feeds = { x: new ort.Tensor("float32", x, [1, TOKENS, channels]) };
  if (session.inputNames.includes("segments")) {
    feeds.segments = new ort.Tensor("int64", BigInt64Array.of(0n, 512n, 512n, 1024n, 1024n, 1536n), [3, 2]);
  }
  await session.run(feeds);
  const times = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  await session.release();
  return times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)];
}
