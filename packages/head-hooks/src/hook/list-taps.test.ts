import { describe, expect, it } from "vitest";
import { attentionNodes, attentionWeights, C, D, H, weights } from "../../test/attention-forms.ts";
import { model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { meanSquareOf, relativeError, runModel } from "../../test/run-model.ts";
import { projectionTaps } from "../attention/attention-taps.ts";
import { hookModel } from "./hook-model.ts";
import { listTaps } from "./list-taps.ts";

const bytes = model({
  nodes: [
    ...attentionNodes(),
    node("MatMul", ["merged", "blocks.0.attn.proj.weight"], "attended"),
    node("Gemm", ["rows", "blocks.0.mlp.fc2.weight"], "y", {}, "", "fc2"),
    node("Reshape", ["attended", "rows_shape"], "rows"),
  ].toSorted((a, b) => Number(a.opType === "Gemm") - Number(b.opType === "Gemm")),
  inputs: [value("x", ["B", "S", C])],
  outputs: [value("y", undefined)],
  initializers: [
    ...attentionWeights(),
    ...[weights("blocks.0.attn.proj.weight", C, C, 1), weights("blocks.0.mlp.fc2.weight", C, C, 2)],
  ],
});

describe("listTaps", () => {
  it("shows what would be tapped: address, node, operator, channels, heads, and the attention before it", () => {
    expect(listTaps(bytes)).toEqual([
      {
        address: `blocks.0.attn.proj[0:${C}]`,
        node: "attended",
        op: "MatMul",
        channels: C,
        heads: H,
        headSize: D,
        attention: "Softmax probabilities",
      },
    ]);
  });
});

describe("projectionTaps", () => {
  it("takes any projection, with the heads of those behind attention", () => {
    const taps = projectionTaps(bytes, { at: "blocks.0.**" });
    expect(
      listTaps(bytes, { taps, groupSize: 4 }).map(({ address, heads, attention }) => [
        address,
        heads,
        attention,
      ]),
    ).toEqual([
      [`blocks.0.attn.proj[0:${C}]`, H, "Softmax probabilities"],
      [`blocks.0.mlp.fc2[0:${C}]`, null, null],
    ]);
    const counted = projectionTaps(bytes, { at: "fc2", heads: 2 });
    expect(hookModel(bytes, { taps: counted }).layout).toMatchObject({ headCount: 2, groupSize: C / 2 });
  });

  it("lists the nearest names where nothing matches", () => {
    expect(() => projectionTaps(bytes, { at: "blocks.0.attention.proj" })).toThrow(
      /nearest names are blocks.0.attn.proj/,
    );
  });
});

describe("a quantised input without a floating-point tensor before it", () => {
  it("is dequantised to be measured, and cannot be scaled", async () => {
    const levels = randomValues(5 * 8, 2).map((number) => Math.floor((number + 1) * 127));
    const quantized = model({
      nodes: [
        node("QuantizeLinear", ["x", "one", "zero"], "first"),
        node("Identity", ["first"], "q8"),
        node("QLinearMatMul", ["q8", "one", "zero", "w", "one", "zero", "many", "zero"], "y8", {}, "", "out"),
        node("DequantizeLinear", ["y8", "many", "zero"], "y"),
      ],
      inputs: [value("x", ["B", "S", 8])],
      outputs: [value("y", undefined)],
      initializers: [
        ...[tensor("one", [], [1]), tensor("many", [], [50]), tensor("zero", [], [128], "uint8")],
        tensor("w", [8, 3], new Float32Array(24).fill(130), "uint8"),
      ],
    });
    const options = { taps: [{ at: "out" }], groupSize: 4 };
    const x = { data: levels.map((level) => level - 128), shape: [1, 5, 8] };
    const outputs = await runModel(hookModel(quantized, options).model, { x });
    expect(relativeError(outputs["mean_square"]?.data as Float32Array, meanSquareOf(x, 4))).toBeLessThan(
      1e-5,
    );
    expect(() => hookModel(quantized, { ...options, scale: true })).toThrow(/cannot be scaled/);
  });
});
