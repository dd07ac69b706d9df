import { describe, expect, it } from "vitest";
import { ELEMENT, model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { listProjections } from "./projections.ts";

const inputs = [value("x", ["B", "S", 4])];
const outputs = [value("y", undefined)];
const zeros = (count: number): Float32Array => new Float32Array(count);

describe("listProjections", () => {
  it("lists MatMul, Gemm and FusedMatMul with their weight, width and element type", () => {
    const bytes = model({
      nodes: [
        node("MatMul", ["x", "w"], "a", {}, "", "first"),
        node("Gemm", ["a", "wt", "bias"], "b", { transB: 1 }, "", "second"),
        node("FusedMatMul", ["b", "half"], "y", { transB: 1 }, "com.microsoft", ""),
      ],
      inputs,
      outputs,
      initializers: [
        tensor("w", [4, 6], zeros(24)),
        tensor("wt", [8, 6], zeros(48)),
        tensor("bias", [8], zeros(8)),
        tensor("half", [3, 8], zeros(24), "float16"),
      ],
    });
    expect(listProjections(bytes)).toMatchObject([
      {
        node: "first",
        nodeIndex: 0,
        op: "MatMul",
        weight: "w",
        input: "x",
        inputChannels: 4,
        outputChannels: 6,
        elementType: "float32",
      },
      {
        node: "second",
        nodeIndex: 1,
        op: "Gemm",
        weight: "wt",
        input: "a",
        inputChannels: 6,
        outputChannels: 8,
        elementType: "float32",
      },
      {
        node: "",
        nodeIndex: 2,
        op: "FusedMatMul",
        weight: "half",
        input: "b",
        inputChannels: 8,
        outputChannels: 3,
        elementType: "float16",
      },
    ]);
  });

  it("follows a weight through Cast, Transpose, Identity, DequantizeLinear and Constant", () => {
    const bytes = model({
      nodes: [
        node("Cast", ["bf16"], "cast", { to: ELEMENT.float32 }),
        node("Transpose", ["cast"], "turned", { perm: [1, 0] }),
        node("MatMul", ["x", "turned"], "a"),
        node("DequantizeLinear", ["bytes", "scale", "zero"], "dequantized"),
        node("Identity", ["dequantized"], "same"),
        node("Transpose", ["same"], "reversed"),
        node("MatMul", ["a", "reversed"], "b"),
        node("Constant", [], "literal", { value: tensor("", [7, 2], zeros(14)) }),
        node("MatMul", ["b", "literal"], "y"),
      ],
      inputs,
      outputs,
      initializers: [
        tensor("bf16", [5, 4], zeros(20), "bfloat16"),
        tensor("bytes", [7, 5], zeros(35), "uint8"),
        tensor("scale", [], [1]),
        tensor("zero", [], [0], "uint8"),
      ],
    });
    expect(
      listProjections(bytes).map((found) => [
        found.weight,
        found.inputChannels,
        found.outputChannels,
        found.elementType,
      ]),
    ).toEqual([
      ["bf16", 4, 5, "float32"],
      ["bytes", 5, 7, "float32"],
      ["literal", 7, 2, "float32"],
    ]);
  });

  it("leaves out products of two activations, transposed inputs, batched and integer weights, and other operators", () => {
    const bytes = model({
      nodes: [
        node("MatMul", ["x", "x"], "a"),
        node("Gemm", ["a", "w"], "b", { transA: 1 }),
        node("MatMul", ["b", "batched"], "c"),
        node("MatMul", ["c", "integers"], "d"),
        node("MatMul", ["d", "w"], "e", {}, "com.example"),
        node("Add", ["e", "w"], "f"),
        node("Softmax", ["w"], "computed"),
        node("MatMul", ["f", "computed"], "y"),
      ],
      inputs,
      outputs,
      initializers: [
        tensor("w", [4, 4], zeros(16)),
        tensor("batched", [2, 4, 4], zeros(32)),
        tensor("integers", [4, 4], zeros(16), "int64"),
      ],
    });
    expect(listProjections(bytes)).toEqual([]);
  });

  it("ends on a weight that is made from itself", () => {
    const bytes = model({
      nodes: [node("Identity", ["a"], "b"), node("Identity", ["b"], "a"), node("MatMul", ["x", "a"], "y")],
      inputs,
      outputs,
    });
    expect(listProjections(bytes)).toEqual([]);
  });
});

it.each([
  ["bthd,hdo->bto", [2, 3, 5], [6, 5], [2, 3]],
  ["btc,chd->bthd", [6, 2, 3], [6, 6], [6]],
  ["btc,oc->bto", [5, 6], [6, 5], [6]],
  ["btc,co->btoc", [6, 5], undefined, undefined],
  ["bhtd,hdo->bto", [2, 3, 5], undefined, undefined],
  ["bct,co->bto", [6, 5], undefined, undefined],
  ["...c,co->...o", [6, 5], undefined, undefined],
  ["btc,co->bot", [6, 5], undefined, undefined],
  ["btc,cc->btc", [6, 6], undefined, undefined],
])(
  "an Einsum is a projection if it sums over the last axes of its input alone: %s",
  (equation, dims, widths, axes) => {
    const count = dims.reduce((product, axis) => product * axis, 1);
    const bytes = model({
      nodes: [node("Einsum", ["x", "w"], "y", { equation })],
      inputs: [value("x", undefined)],
      outputs: [value("y", undefined)],
      initializers: [tensor("w", dims, zeros(count))],
    });
    const [found] = listProjections(bytes);
    expect(found && [found.inputChannels, found.outputChannels]).toEqual(widths);
    expect(found?.inputAxes).toEqual(axes);
  },
);

describe("a path for addresses", () => {
  /** Two layers with weights that say nothing, and with these names of nodes and biases. */
  function pathsOf(names: readonly [string, string], biases: readonly [string, string]): string[] {
    const layers = names.flatMap((name, index) => [
      node("MatMul", [index === 0 ? "x" : "y0", `val_${index}`], `p${index}`, {}, "", name),
      node("Add", [`p${index}`, biases[index] ?? ""], `y${index}`),
    ]);
    const bytes = model({
      nodes: layers,
      inputs: [value("x", [1, 2, 4])],
      outputs: [value("y1", undefined)],
      initializers: [
        ...[0, 1].map((index) => tensor(`val_${index}`, [4, 4], randomValues(16, index))),
        ...[...new Set(biases)].map((name) => tensor(name, [4], [1, 2, 3, 4])),
      ],
    });
    return listProjections(bytes).map(({ path }) => path);
  }

  it("comes from the node before the bias, which may be another layer's of the same values", () => {
    const names = ["node_layers_0_proj", "node_layers_1_proj"] as const;
    expect(pathsOf(names, ["layers_9.mlp.bias", "layers_8.mlp.bias"])).toEqual(names);
  });

  it("comes from the bias where the node's name says nothing", () => {
    const biases = ["layers.0.proj.bias", "layers.1.proj.bias"] as const;
    for (const names of [
      ["MatMul_3", "MatMul_4_quant"],
      ["node_linear_3", "node_MatMul_4"],
    ] as const) {
      expect(pathsOf(names, biases)).toEqual(["layers.0.proj", "layers.1.proj"]);
    }
  });

  it("never comes from a bias that several layers share", () => {
    const paths = pathsOf(["MatMul_3", "MatMul_4"], ["layers.0.proj.bias", "layers.0.proj.bias"]);
    expect(paths).toEqual(["MatMul_3", "MatMul_4"]);
  });
});
