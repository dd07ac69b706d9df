import { describe, expect, it } from "vitest";
import { C, D, H, weights } from "../../test/attention-forms.ts";
import { model, type ModelParts, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { meanSquareOf, rangesTensor, relativeError, runModel, type Tensor } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";

type Node = ModelParts["nodes"][number];

const S = 5;
const transpose = (input: string, output: string, perm: number[]): Node =>
  node("Transpose", [input], output, { perm });
const product: Node[] = [
  node("MatMul", ["q", "k"], "scores"),
  node("Softmax", ["scores"], "probabilities", { axis: -1 }),
  node("MatMul", ["probabilities", "v"], "context"),
];

/** torch.nn.MultiheadAttention with batch_first, as the legacy exporter writes it: products [batch · heads, S, D]. */
const legacy: Node[] = [
  transpose("x", "x.turned", [1, 0, 2]),
  ...["q", "k", "v"].flatMap((name) => [
    node("MatMul", ["x.turned", `${name}.weight`], `${name}.flat`),
    node("Reshape", [`${name}.flat`, "rows_of_heads"], `${name}.heads`),
    transpose(`${name}.heads`, name, name === "k" ? [1, 2, 0] : [1, 0, 2]),
  ]),
  ...[...product, transpose("context", "turned", [1, 0, 2])],
];

/** The same behind scaled_dot_product_attention. */
const fused: Node[] = [
  ...["q", "k", "v"].flatMap((name) => [
    node("MatMul", ["x", `${name}.weight`], `${name}.flat`),
    node("Reshape", [`${name}.flat`, "heads_shape"], `${name}.heads`),
    transpose(`${name}.heads`, name, name === "k" ? [0, 2, 3, 1] : [0, 2, 1, 3]),
  ]),
  ...[...product, transpose("context", "turned", [2, 0, 1, 3])],
];

/** Attention whose output projection takes `merged`, of this shape. */
function attention(nodes: Node[], batch: number, merged: number[]): Uint8Array {
  const integers = (name: string, values: number[]): ReturnType<typeof tensor> =>
    tensor(name, [values.length], values, "int64");
  const projection: Node =
    merged.length === 2
      ? node("Gemm", ["merged", "out.weight", "out.bias"], "y", {}, "", "out")
      : node("MatMul", ["merged", "out.weight"], "y", {}, "", "out");
  return model({
    nodes: [...nodes, node("Reshape", ["turned", "merged_shape"], "merged"), projection],
    inputs: [value("x", ["B", "S", C])],
    outputs: [value("y", undefined), value("merged", undefined)],
    initializers: [
      ...["q", "k", "v", "out"].map((name, index) => weights(`${name}.weight`, C, C, index + 1)),
      ...[tensor("out.bias", [C], randomValues(C, 8)), integers("heads_shape", [0, 0, H, D])],
      ...[integers("rows_of_heads", [S, batch * H, D]), integers("merged_shape", merged)],
    ],
    opset: 14,
    irVersion: 7,
  });
}

/** Rows [S · B, C] as [B, S, C]. */
function batchFirst({ data }: Tensor, batch: number): Tensor {
  const rows = Array.from({ length: batch * S }, (_, index) => (index % S) * batch + Math.floor(index / S));
  const values = rows.flatMap((row) => [...(data as Float32Array).slice(row * C, (row + 1) * C)]);
  return { data: Float32Array.from(values), shape: [batch, S, C] };
}

describe.each([
  ["products of three axes", legacy],
  ["products of four axes", fused],
])("torch.nn.MultiheadAttention with %s, whose rows are token by token", (_, nodes) => {
  it.each([1, 2])("asks for the batch, then keeps its %s batch items apart", async (batch) => {
    const bytes = attention(nodes, batch, [S * batch, C]);
    expect(errorOf(() => hookModel(bytes)).code).toBe("unknown-batch");
    const x = { data: randomValues(batch * S * C, 7), shape: [batch, S, C] };
    const hooked = hookModel(bytes, { batchInput: "x", scale: true });
    const scale = { data: Float32Array.of(1), shape: [1] };
    const { merged = x, mean_square: captured = x } = await runModel(hooked.model, { x, scale });
    expect(captured.shape).toEqual([batch, H]);
    const expected = meanSquareOf(batchFirst(merged, batch), D);
    expect(relativeError(captured.data as Float32Array, expected)).toBeLessThan(1e-5);
  });

  it("is captured with its batch first where the tensor is [S, B, C]", async () => {
    const bytes = attention(nodes, 2, [S, 2, C]);
    const x = { data: randomValues(2 * S * C, 7), shape: [2, S, C] };
    const hooked = hookModel(bytes, { segments: true });
    const segments = rangesTensor([[1, 4]]);
    const { merged = x, mean_square: captured = x } = await runModel(hooked.model, { x, segments });
    expect(captured.shape).toEqual([2, 1, H]);
    const expected = meanSquareOf(batchFirst(merged, 2), D, [1, 4]);
    expect(relativeError(captured.data as Float32Array, expected)).toBeLessThan(1e-5);
  });
});

it("a batch input is refused behind a Transpose of which the graph does not show what it puts first", () => {
  const bytes = model({
    nodes: [
      ...[transpose("x", "turned", [1, 0, 2]), node("Reshape", ["turned", "rows"], "merged")],
      node("Gemm", ["merged", "w"], "y", {}, "", "out"),
    ],
    inputs: [value("x", ["B", "S", C])],
    outputs: [value("y", undefined)],
    initializers: [weights("w", C, C, 1), tensor("rows", [2], [-1, C], "int64")],
  });
  const error = errorOf(() => hookModel(bytes, { taps: [{ at: "out" }], batchInput: "x" }));
  expect(error.code).toBe("unknown-batch");
  expect(error.message).toContain("adjacent");
});
