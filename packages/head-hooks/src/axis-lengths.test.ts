import { expect, it } from "vitest";
import { model, node, randomValues, tensor, value } from "../test/build-model.ts";
import { channelWidth } from "./axis-lengths.ts";
import { graphScopes } from "./graph-scope.ts";
import { readModel } from "./read-model.ts";

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
  expect(scope === undefined ? NaN : channelWidth(scope, name)).toBe(expected);
});
