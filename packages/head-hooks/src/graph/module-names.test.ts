import { create } from "@bufbuild/protobuf";
import { NodeProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { C, weights } from "../../test/attention-forms.ts";
import { ELEMENT, model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { listProjections } from "../attention/projections.ts";
import { hookModel } from "../hook/hook-model.ts";
import { moduleNames } from "./module-names.ts";

const inputs = [value("x", ["B", "S", C])];
const outputs = [value("y", undefined)];

describe("names", () => {
  const initializers = [
    ...["transformer_blocks.0.attn.to_out.0.weight", "single_transformer_blocks.0.attn.to_out.0.weight"],
    ...["encoder.layer.0.attention.output.dense.weight", "encoder.layer.0.output.dense.weight"],
  ].map((name, index) => weights(name, C, C, index));
  const bytes = model({
    nodes: [
      node("MatMul", ["x", initializers[0]?.name ?? ""], "a"),
      node("MatMul", ["a", initializers[1]?.name ?? ""], "b"),
      node(
        "MatMul",
        ["b", initializers[2]?.name ?? ""],
        "c",
        {},
        "",
        "/encoder/layer.0/attention/output/dense/MatMul",
      ),
      node("Add", ["c", "bias"], "d", {}, "", "/encoder/layer.0/attention/output/dense/Add"),
      node("MatMul", ["d", initializers[3]?.name ?? ""], "y", {}, "", "/encoder/layer.0/output/dense/MatMul"),
    ],
    inputs,
    outputs,
    initializers: [...initializers, tensor("bias", [C], randomValues(C, 1))],
  });
  const matched = (at: string): string[] =>
    hookModel(bytes, { taps: [{ at, path: "p{0}" }] }).layout.taps.map(({ weight }) => weight);

  it.each([
    ["transformer_blocks.*.attn.to_out.0", ["transformer_blocks.0.attn.to_out.0.weight"]],
    ["/encoder/layer.*/attention/output/dense/*", ["encoder.layer.0.attention.output.dense.weight"]],
    ["encoder.layer.*.output.dense", ["encoder.layer.0.output.dense.weight"]],
    ["encoder.layer.*.attention.output.dense", ["encoder.layer.0.attention.output.dense.weight"]],
  ])(
    "%s matches its projection alone, not a longer name's part, the MLP's output, nor the Add beside",
    (at, expected) => {
      expect(matched(at)).toEqual(expected);
    },
  );

  it("with capitals and casts of an exporter are kept apart from modules", () => {
    const cast = model({
      nodes: [
        node("Cast", ["w"], "w32", { to: ELEMENT.float32 }),
        node("MatMul", ["x", "w32"], "y", {}, "", "/model/decoder/Wo/MatMul_1"),
      ],
      inputs,
      outputs,
      initializers: [tensor("w", [C, C], randomValues(C * C, 1), "bfloat16")],
    });
    expect(listProjections(cast)[0]?.names).toEqual(["/model/decoder/Wo/MatMul_1", "w", "model.decoder.Wo"]);
  });
});

describe("moduleNames", () => {
  const namesOf = (name: string, metadata: Record<string, string>): string[] =>
    moduleNames(create(NodeProtoSchema, node("MatMul", ["x", "w"], "y", {}, "", name, metadata)));

  it.each([
    [
      "",
      { "pkg.torch.onnx.name_scopes": "['', 'blocks.2', 'blocks.2.mlp.fc1', 'linear_8']" },
      ["blocks.2.mlp.fc1"],
    ],
    [
      "node_linear",
      {
        namespace:
          ": Net/network: torch.nn.Sequential/network.0: torch.nn.Linear/linear: aten.linear.default",
      },
      ["network.0"],
    ],
    ["/encoder/layer.0/output/dense/MatMul_2", {}, ["encoder.layer.0.output.dense"]],
    ["/lm_head/MatMul_quant", {}, ["lm_head"]],
    ["MatMul_17", {}, []],
    ["", { "pkg.torch.onnx.name_scopes": "no list", namespace: "" }, []],
  ])("of a node %s with %o are %o", (name, metadata, expected) => {
    expect(namesOf(name, metadata)).toEqual(expected);
  });
});
