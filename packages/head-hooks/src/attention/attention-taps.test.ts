import { describe, expect, it } from "vitest";
import {
  attentionNodes,
  attentionWeights,
  C,
  D,
  H,
  qkvWeights,
  weights,
} from "../../test/attention-forms.ts";
import { model, type ModelParts, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { meanSquareOf, relativeError, runModel } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import { headRecords } from "../units/unit-layout.ts";
import { attentionTaps } from "./attention-taps.ts";
import { findAttentionProjections } from "./find-attention.ts";
import { listProjections } from "./projections.ts";

const x = { data: randomValues(2 * 5 * C, 4), shape: [2, 5, C] };
const inputs = [value("x", ["B", "S", C])];
const outputs = [value("y", undefined)];
function parallelBlock(): ModelParts {
  return {
    nodes: [
      ...attentionNodes(),
      node("MatMul", ["x", "up.weight"], "up"),
      node("Sigmoid", ["up"], "gate"),
      node("Mul", ["up", "gate"], "mlp"),
      node("Concat", ["merged", "mlp"], "joined", { axis: -1 }),
      node("MatMul", ["joined", "out.weight"], "y", {}, "", "single_transformer_blocks.0.attn.to_out"),
    ],
    inputs,
    outputs,
    initializers: [
      ...attentionWeights(),
      weights("up.weight", C, 3 * C, 7),
      weights("out.weight", 4 * C, C, 8),
    ],
  };
}

describe("attentionTaps", () => {
  it("cuts attention beside an MLP into sections, heads counted in the first", async () => {
    const parts = parallelBlock();
    const { model: hooked, layout } = hookModel(
      model({ ...parts, outputs: [...outputs, value("joined", undefined)] }),
    );
    const path = "single_transformer_blocks.0.attn.to_out";
    expect(layout.groupSize).toBe(D);
    expect(
      layout.sections.map(({ path: own, block, kind, channels }) => [own, block, kind, channels]),
    ).toEqual([
      [`${path}.attn`, path, "attn", C],
      [`${path}.other`, path, "other", 3 * C],
    ]);
    expect(headRecords(layout).map(({ address }) => address)).toEqual(
      [0, 1, 2, 3].map((head) => `${path}.head.${head}`),
    );
    const run = await runModel(hooked, { x });
    const joined = run["joined"] ?? x;
    expect(relativeError(run["mean_square"]?.data as Float32Array, meanSquareOf(joined, D))).toBeLessThan(
      1e-5,
    );
  });

  it("finds both streams behind slices of joint attention", () => {
    const slice = (name: string, from: string, to: string): ModelParts["nodes"][number] =>
      node("Slice", ["merged", from, to, "one"], name);
    const bytes = model({
      nodes: [
        ...attentionNodes(),
        slice("text", "zero", "two"),
        slice("image", "two", "end"),
        node("MatMul", ["text", "a.weight"], "text_out", {}, "", "blocks.0.to_add_out"),
        node("MatMul", ["image", "a.weight"], "image_out", {}, "", "blocks.0.to_out"),
        node("Concat", ["text_out", "image_out"], "y", { axis: 1 }),
      ],
      inputs,
      outputs,
      initializers: [
        ...[...attentionWeights(), weights("a.weight", C, C, 8)],
        ...[tensor("zero", [1], [0], "int64"), tensor("one", [1], [1], "int64")],
        ...[tensor("two", [1], [2], "int64"), tensor("end", [1], [999], "int64")],
      ],
    });
    expect(findAttentionProjections(bytes).map(({ node: name }) => name)).toEqual([
      "blocks.0.to_add_out",
      "blocks.0.to_out",
    ]);
  });

  it("asks for the heads where the graph does not show them, and takes them", () => {
    const hidden = model({
      nodes: [...attentionNodes(), node("MatMul", ["merged", "a.weight"], "y", {}, "", "out")],
      inputs: [...inputs, value("heads_shape", [4], "int64")],
      outputs,
      initializers: [
        ...attentionWeights().filter(({ name }) => name !== "heads_shape"),
        weights("a.weight", C, C, 8),
      ],
    });
    expect(findAttentionProjections(hidden)[0]?.parts).toEqual([
      { kind: "attention", channels: C, heads: null, headSize: null },
    ]);
    expect(errorOf(() => hookModel(hidden)).code).toBe("unknown-heads");
    expect(hookModel(hidden, { taps: attentionTaps(hidden, { heads: H }) }).layout.headCount).toBe(H);
    expect(errorOf(() => hookModel(hidden, { taps: attentionTaps(hidden, { heads: 5 }) })).code).toBe(
      "head-size",
    );
  });

  it("refuses a number of heads that the graph contradicts, and a pattern that matches none, with candidates", () => {
    const bytes = model(parallelBlock());
    expect(errorOf(() => attentionTaps(bytes, { heads: 3 })).code).toBe("head-size");
    const error = errorOf(() => attentionTaps(bytes, { at: "transformer_blocks.*.attn.to_out" }));
    expect(error.code).toBe("no-match");
    expect(error.details["nearest"]).toContain("single_transformer_blocks.0.attn.to_out");
  });

  it.each([
    [
      "a convolutional",
      [node("Conv", ["x", "kernel"], "y", { pads: [1, 1] })],
      [tensor("kernel", [5, 5, 3], randomValues(75, 1))],
    ],
    [
      "a recurrent",
      [node("LSTM", ["x", "w", "r"], ["y"], { hidden_size: 2 })],
      [tensor("w", [1, 8, C], randomValues(8 * C, 1)), tensor("r", [1, 8, 2], randomValues(16, 1))],
    ],
  ] satisfies [string, ModelParts["nodes"], ModelParts["initializers"]][])(
    "says that %s model has no attention and nothing to tap",
    (_, nodes, initializers) => {
      const bytes = model({ nodes, inputs: [value("x", [1, 5, C])], outputs, initializers });
      expect(findAttentionProjections(bytes)).toEqual([]);
      expect(errorOf(() => hookModel(bytes)).message).toContain("no attention");
      expect(errorOf(() => hookModel(bytes, { taps: [{ at: "**" }] })).message).toContain(
        "convolutions and recurrent layers",
      );
    },
  );

  it("takes no classifier for attention: a softmax that weighs constants, or that weighs no product of activations", () => {
    const bytes = model({
      nodes: [
        node("MatMul", ["x", "q.weight"], "logits"),
        node("Softmax", ["logits"], "probabilities", { axis: 2 }),
        node("MatMul", ["probabilities", "a.weight"], "expected"),
        node("Transpose", ["x"], "turned", { perm: [0, 2, 1] }),
        node("MatMul", ["turned", "probabilities"], "pooled"),
        node("MatMul", ["pooled", "a.weight"], "y"),
      ],
      inputs,
      outputs,
      initializers: [...qkvWeights().slice(0, 1), weights("a.weight", C, C, 2)],
    });
    expect(listProjections(bytes)).toHaveLength(3);
    expect(findAttentionProjections(bytes)).toEqual([]);
  });
});
