// Ways to reduce x [1, S, C] to mean squares of groups of 16 channels; the capture uses the first.
import { create, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import * as ort from "onnxruntime-node";
import { performance } from "node:perf_hooks";

const TOKENS = 1536;
const GROUP = 16;
const REPEATS = 9;

const op = (opType, input, output, ints = {}) => ({
  opType,
  input,
  output: [output],
  attribute: Object.entries(ints).map(([name, i]) => ({ name, type: 2, i: BigInt(i) })),
});
const drop = { keepdims: 0 };
const grouped = op("Reshape", ["x", "grouped"], "groups");
const ways = {
  "ReduceSumSquare over the group, ReduceMean over tokens": [
    grouped,
    op("ReduceSumSquare", ["groups", "axis3"], "a", drop),
    op("ReduceMean", ["a", "axis1"], "y", drop),
  ],
  "ReduceSumSquare over both": [grouped, op("ReduceSumSquare", ["groups", "axes13"], "y", drop)],
  "Mul, ReduceMean over both": [
    grouped,
    op("Mul", ["groups", "groups"], "a"),
    op("ReduceMean", ["a", "axes13"], "y", drop),
  ],
  "Mul, MatMul with a row of 1 / S": [op("Mul", ["x", "x"], "a"), op("MatMul", ["row", "a"], "y")],
  "ReduceSumSquare over tokens, ReduceMean over the group": [
    op("ReduceSumSquare", ["x", "axis1"], "a", drop),
    op("Reshape", ["a", "channels"], "b"),
    op("ReduceMean", ["b", "axis2"], "y", drop),
  ],
};

for (const width of [3072, 12288]) {
  console.log(`\n[1, ${TOKENS}, ${width}]`);
  for (const [name, nodes] of Object.entries(ways)) {
    console.log(`${(await milliseconds(nodes, width)).toFixed(1).padStart(7)} ms  ${name}`);
  }
}

async function milliseconds(node, width) {
  const used = new Set(node.flatMap(({ input }) => input));
  const int64 = (name, values) => ({
    name,
    dataType: 7,
    dims: [BigInt(values.length)],
    int64Data: values.map(BigInt),
  });
  const initializer = [
    int64("axis1", [1]),
    int64("axis2", [2]),
    int64("axis3", [3]),
    int64("axes13", [1, 3]),
    int64("grouped", [0, 0, width / GROUP, GROUP]),
    int64("channels", [0, width / GROUP, GROUP]),
    { name: "row", dataType: 1, dims: [1n, BigInt(TOKENS)], floatData: Array(TOKENS).fill(1 / TOKENS) },
  ].filter(({ name }) => used.has(name));
  const dims = [1, TOKENS, width].map((value) => ({ value: { case: "dimValue", value: BigInt(value) } }));
  const tensorType = (shape) => ({ value: { case: "tensorType", value: { elemType: 1, ...shape } } });
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: {
      name: "bench",
      node,
      initializer,
      input: [{ name: "x", type: tensorType({ shape: { dim: dims } }) }],
      output: [{ name: "y", type: tensorType({}) }],
    },
  });
  const session = await ort.InferenceSession.create(toBinary(ModelProtoSchema, model), {
    enableCpuMemArena: false,
    enableMemPattern: false,
  });
  const x = Float32Array.from({ length: TOKENS * width }, (_, index) => Math.sin(index));
  const feeds = { x: new ort.Tensor("float32", x, [1, TOKENS, width]) };
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
