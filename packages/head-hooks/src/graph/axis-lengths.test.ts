import { expect, it } from "vitest";
import { model, type ModelParts, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { runModel } from "../../test/run-model.ts";
import { axisLengths, axisSizes, channelWidth } from "./axis-lengths.ts";
import { graphScopes } from "./graph-scope.ts";
import { readModel } from "./read-model.ts";
import { countOf, formatSize } from "./sizes.ts";

type Node = ModelParts["nodes"][number];

const bytes = model({
  nodes: [
    node("MatMul", ["x", "w"], "product"),
    node("Gemm", ["x", "w"], "turned", { transB: 1 }),
    node("Split", ["product", "sizes"], ["first", "second"], { axis: -1 }),
    node("Split", ["product"], ["left", "right"], { axis: 2, num_outputs: 2 }),
    node("Slice", ["product", "two", "end", "last"], "rest"),
    node("Slice", ["product", "two", "end", "tokens"], "later"),
    node("Sigmoid", ["first"], "gate"),
    node("Mul", ["gate", "scalar"], "scaled"),
    node("Reshape", ["product", "shape"], "reshaped"),
    node("MultiHeadAttention", ["first", "first", "second"], "mixed", { num_heads: 1 }, "com.microsoft"),
    node("GroupQueryAttention", ["product"], "grouped", { num_heads: 2, kv_num_heads: 1 }, "com.microsoft"),
    node("Unknown", ["product"], "unknown"),
    node("Identity", ["circle"], "circle"),
  ],
  inputs: [value("x", ["B", "S", 4])],
  outputs: [value("unknown", undefined)],
  initializers: [
    tensor("w", [4, 12], randomValues(48, 1)),
    tensor("sizes", [2], [4, 8], "int64"),
    tensor("two", [1], [2], "int64"),
    tensor("end", [1], [999], "int64"),
    tensor("last", [1], [-1], "int64"),
    tensor("tokens", [1], [1], "int64"),
    tensor("scalar", [], [2]),
    tensor("shape", [4], [0, 0, 4, 3], "int64"),
  ],
});

it.each([
  ["x", 4],
  ["product", 12],
  ["turned", 4],
  ["first", 4],
  ["second", 8],
  ["right", 6],
  ["rest", 10],
  ["later", 12],
  ["scaled", 4],
  ["reshaped", 3],
  ["mixed", 8],
  ["grouped", 6],
  ["unknown", undefined],
  ["circle", undefined],
])("channelWidth of %s is %s", (name, expected) => {
  const [scope] = graphScopes(readModel(bytes));
  expect(channelWidth(scope, name)).toBe(expected);
});

/** A model whose `y` is `t` [B, S, 4, 3] in the shape that these nodes make of it. */
function shapedBy(nodes: ModelParts["nodes"], shape = "shape"): Uint8Array {
  const integers = (name: string, values: number[]): ReturnType<typeof tensor> =>
    tensor(name, [values.length], values, "int64");
  const scalar = (name: string, entry: number): ReturnType<typeof tensor> =>
    tensor(name, [], [entry], "int64");
  return model({
    nodes: [
      node("Reshape", ["x", "four"], "t"),
      ...nodes,
      node("Reshape", ["t", shape], "y"),
      node("Concat", ["y", "y"], "twice", { axis: 1 }),
    ],
    inputs: [value("x", ["B", "S", 12])],
    outputs: [value("twice", undefined)],
    initializers: [
      ...[integers("four", [0, 0, 4, 3]), integers("zero", [0]), integers("one", [1]), integers("two", [2])],
      ...[integers("end", [999]), integers("open", [-1]), integers("width", [12]), integers("last", [-1])],
      ...[scalar("first", 0), scalar("second", 1), scalar("from_end", -2), scalar("at_end", -1)],
    ],
  });
}

const shape = node("Shape", ["t"], "sizes");
const pick = (at: string, name: string): Node => node("Gather", ["sizes", at], name, { axis: 0 });
const asVector = (name: string): Node => node("Unsqueeze", [name, "zero"], `${name}1`);
const put = (...parts: string[]): Node => node("Concat", parts, "shape", { axis: 0 });

it.each<[string, Node[], string]>([
  [
    "several at once by Slice, the rest open",
    [shape, node("Slice", ["sizes", "zero", "two"], "some"), put("some", "open")],
    "B, S, 12",
  ],
  [
    "several from the end by Slice",
    [shape, node("Slice", ["sizes", "last", "end"], "some"), put("open", "some")],
    "4 * B * S, 3",
  ],
  [
    "by start and end of Shape",
    [node("Shape", ["t"], "some", { start: 0, end: 2 }), put("some", "open")],
    "B, S, 12",
  ],
  [
    "one by one by Gather",
    [shape, pick("first", "b"), pick("second", "s"), asVector("b"), asVector("s"), put("b1", "s1", "width")],
    "B, S, 12",
  ],
  [
    "a product of two",
    [
      shape,
      pick("from_end", "heads"),
      pick("at_end", "size"),
      node("Mul", ["heads", "size"], "all"),
      asVector("all"),
      put("zero", "zero", "all1"),
    ],
    "B, S, 12",
  ],
  [
    "a product by ReduceProd",
    [
      shape,
      node("Slice", ["sizes", "two", "end"], "some"),
      node("ReduceProd", ["some"], "all", { keepdims: 1 }),
      put("zero", "zero", "all"),
    ],
    "B, S, 12",
  ],
  [
    "by Split",
    [
      shape,
      node("Split", ["sizes"], ["b", "s", "h", "d"], { axis: 0, num_outputs: 4 }),
      put("b", "s", "open"),
    ],
    "B, S, 12",
  ],
  [
    "rows, the number of them computed",
    [
      shape,
      pick("first", "b"),
      pick("second", "s"),
      node("Mul", ["b", "s"], "rows"),
      asVector("rows"),
      put("rows1", "width"),
    ],
    "B * S, 12",
  ],
  ["halves of a length that a run gives", [put("open", "two", "width")], "B * S / 2, 2, 12"],
])("a Reshape to sizes of Shape, %s", (_, nodes, expected) => {
  const [scope] = graphScopes(readModel(shapedBy(nodes)));
  const { sizes, isRankKnown } = axisSizes(scope, "y");
  expect(isRankKnown).toBe(true);
  expect(sizes.map((size) => (size === undefined ? "?" : formatSize(size))).join(", ")).toBe(expected);
});

it("a length that is not shown keeps its name on its way through shapes", () => {
  const bytes = model({
    nodes: [
      node("Unknown", ["x"], "hidden"),
      node("Transpose", ["hidden"], "t", { perm: [0, 2, 1, 3] }),
      node("Shape", ["t"], "sizes", { start: 0, end: 2 }),
      node("Concat", ["sizes", "width"], "shape", { axis: 0 }),
      node("Reshape", ["t", "shape"], "y"),
    ],
    inputs: [value("x", ["B", "S"])],
    outputs: [value("y", undefined)],
    initializers: [tensor("width", [1], [12], "int64")],
  });
  const [scope] = graphScopes(readModel(bytes));
  const [t, y] = ["t", "y"].map((name) => axisSizes(scope, name).sizes);
  expect(y?.slice(0, 2)).toEqual(t?.slice(0, 2));
  expect(y?.[0]?.isTraced).toBe(false);
});

it("a graph whose lengths would grow without end is read in bounded time", () => {
  const steps = Array.from({ length: 400 }, (_, index) => index);
  const bytes = model({
    nodes: [
      node("Shape", ["x"], "v0"),
      ...steps.flatMap((index) => [
        node("Concat", [`v${index}`, `v${index}`], `v${index + 1}`, { axis: 0 }),
        node("Reshape", ["x", `v${index}`], `y${index}`),
        node("Concat", [`y${index}`, "x", `y${index}`], `z${index}`, { axis: 0 }),
      ]),
    ],
    inputs: [value("x", ["B", "S"])],
    outputs: [value("z399", undefined)],
  });
  const [scope] = graphScopes(readModel(bytes));
  expect(axisSizes(scope, "z399").sizes.length).toBeLessThanOrEqual(64);
});

const SLIDING: [string, Node][] = [
  ["patches", node("Conv", ["x", "kernel"], "y", { strides: [4, 4] })],
  [
    "a padded and dilated convolution",
    node("Conv", ["x", "kernel"], "y", { pads: [1, 2, 1, 2], dilations: [2, 1] }),
  ],
  [
    "a convolution that keeps its places",
    node("Conv", ["x", "kernel"], "y", { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  ],
  [
    "pooling that rounds up",
    node("MaxPool", ["x"], "y", { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  ],
];

it.each(SLIDING)("the places of %s are as many as a run makes", async (_, sliding) => {
  const bytes = model({
    nodes: [sliding],
    inputs: [value("x", [2, 3, 16, 12])],
    outputs: [value("y", undefined)],
    initializers: [tensor("kernel", [5, 3, 3, 3], randomValues(135, 1))],
    opset: 17,
    irVersion: 8,
  });
  const [scope] = graphScopes(readModel(bytes));
  const { y } = await runModel(bytes, { x: { data: randomValues(1152, 2), shape: [2, 3, 16, 12] } });
  expect(axisSizes(scope, "y").sizes.map(countOf)).toEqual(y?.shape);
});

it("takes a length that no tensor has for unknown", () => {
  const cut = model({
    nodes: [
      node("Pad", ["x", "pads"], "cut"), // 4 − 10 elements
      node("Reshape", ["x", "cut"], "reshaped"),
    ],
    inputs: [value("x", [4])],
    outputs: [value("reshaped", undefined)],
    initializers: [tensor("pads", [2], [0, -10], "int64")],
  });
  const [scope] = graphScopes(readModel(cut));
  expect(axisLengths(scope, "cut").lengths).toEqual([undefined]);
  expect(axisSizes(scope, "reshaped")).toEqual({ sizes: [], isRankKnown: false });
});
