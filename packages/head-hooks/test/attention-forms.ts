import { ELEMENT, model, type ModelParts, node, randomValues, tensor, value } from "./build-model.ts";

/** Axes of the forms: heads, channels per head, all channels. */
export const H = 4;
export const D = 8;
export const C: number = H * D;

type Node = ModelParts["nodes"][number];
type Initializer = NonNullable<ModelParts["initializers"]>[number];

/** A small model in a form that an exporter writes, and what must be found in it. */
export interface AttentionForm {
  readonly title: string;
  readonly parts: ModelParts;
  /** The name of the projection's node. */
  readonly node: string;
  /** The tensor that is tapped, [B, S, C] or of the same values in the same order. */
  readonly tapped: string;
  /** The operator that mixes the tokens. */
  readonly attention: string;
  /** Heads shown by the graph; `null` if it does not show them. */
  readonly heads?: number | null;
  /** The module's path, where the exporter left one. */
  readonly path?: string;
}

const x = (type: "float32" | "float16" = "float32"): ModelParts["inputs"] => [
  value("x", ["B", "S", C], type),
];
const y = (type: "float32" | "float16" = "float32"): ModelParts["outputs"] => [value("y", undefined, type)];

export function weights(
  name: string,
  rows: number,
  columns: number,
  seed: number,
  type: "float32" | "float16" = "float32",
): Initializer {
  return tensor(
    name,
    [rows, columns],
    randomValues(rows * columns, seed).map((w) => w / 2),
    type,
  );
}

export const shapes: Initializer[] = [
  tensor("heads_shape", [4], [0, 0, H, D], "int64"),
  tensor("merged_shape", [3], [0, 0, C], "int64"),
  tensor("rows_shape", [2], [-1, C], "int64"),
];

/** Queries, keys and values [B, S, C] of a tensor. */
const qkvNodes = (input = "x"): Node[] =>
  ["q", "k", "v"].map((name) => node("MatMul", [input, `${name}.weight`], name));
export const qkvWeights = (type: "float32" | "float16" = "float32"): Initializer[] =>
  ["q", "k", "v"].map((name, index) => weights(`${name}.weight`, C, C, index + 1, type));

/** Softmax attention over q, k, v [B, S, C] up to `context` [B, S, heads, channels of a head]. */
const softmaxNodes = (half = "half"): Node[] => [
  ...["q", "k", "v"].flatMap((name) => [
    node("Reshape", [name, "heads_shape"], `${name}.heads`),
    node("Transpose", [`${name}.heads`], `${name}.turned`, {
      perm: name === "k" ? [0, 2, 3, 1] : [0, 2, 1, 3],
    }),
  ]),
  node("MatMul", ["q.turned", "k.turned"], "scores"),
  node("Mul", ["scores", half], "scaled"),
  node("Softmax", ["scaled"], "probabilities", { axis: 3 }),
  node("MatMul", ["probabilities", "v.turned"], "per_head"),
  node("Transpose", ["per_head"], "context", { perm: [0, 2, 1, 3] }),
];
export const half = (type: "float32" | "float16" = "float32"): Initializer => tensor("half", [], [0.5], type);
const mergeNode = (): Node => node("Reshape", ["context", "merged_shape"], "merged");

/** Softmax attention over `x` up to `merged` [B, S, C], and the weights that it takes. */
export const attentionNodes = (): Node[] => [...qkvNodes(), ...softmaxNodes(), mergeNode()];
export const attentionWeights = (): Initializer[] => [...qkvWeights(), half(), ...shapes];

/** Softmax attention, then what the form puts behind `merged` [B, S, C]. */
function softmaxForm(
  behind: Node[],
  initializers: Initializer[],
  parts: Partial<ModelParts> = {},
): ModelParts {
  return {
    nodes: [...attentionNodes(), ...behind],
    inputs: x(),
    outputs: y(),
    initializers: [...attentionWeights(), ...initializers],
    ...parts,
  };
}

const out = weights("out.weight", C, C, 9);
const bias = tensor("encoder.layer.0.attention.output.dense.bias", [C], randomValues(C, 10));
const fusedInputs = ["q", "k", "v"];

export const FORMS: AttentionForm[] = [
  {
    title: "PyTorch dynamo: anonymous nodes and weights, module paths in metadata only, symbolic dims",
    node: "node_linear_14",
    tapped: "merged",
    attention: "Softmax",
    path: "encoder.layer.0.attention.output.dense",
    parts: softmaxForm(
      [
        node("MatMul", ["merged", "val_398"], "linear_14", {}, "", "node_linear_14", {
          namespace:
            ": Model/encoder: Encoder/encoder.layer.0.attention.output.dense: torch.nn.modules.linear.Linear/linear_14: aten.linear.default",
          "pkg.torch.onnx.name_scopes":
            "['', 'encoder', 'encoder.layer.0', 'encoder.layer.0.attention.output.dense', 'linear_14']",
        }),
        node("Add", ["linear_14", bias.name ?? ""], "y"),
      ],
      [weights("val_398", C, C, 9), bias],
      {
        valueInfos: [
          value("merged", ["B", "s31 + s44", C]),
          value("per_head", ["B", H, "s31 + s44", D]),
          value("val_398", [C, C], "float32", {
            "pkg.onnxscript.optimizer.folded_from": "['encoder.layer.0.attention.output.dense.weight']",
          }),
        ],
      },
    ),
  },
  {
    title:
      "PyTorch legacy: onnx:: weights, the path in the node's name, bias first, sizes from Shape, no value_info",
    node: "/encoder/layer.0/attention/output/dense/MatMul",
    tapped: "merged",
    attention: "Softmax",
    path: "encoder.layer.0.attention.output.dense",
    parts: softmaxForm(
      [
        node(
          "MatMul",
          ["merged", "onnx::MatMul_1948"],
          "product",
          {},
          "",
          "/encoder/layer.0/attention/output/dense/MatMul",
        ),
        node("Add", [bias.name ?? "", "product"], "y"),
      ],
      [weights("onnx::MatMul_1948", C, C, 9), bias],
      {
        nodes: [
          ...qkvNodes(),
          node("Shape", ["x"], "sizes"),
          ...["batch", "length"].flatMap((name, axis) => [
            node("Constant", [], `${name}.axis`, { value: tensor("", [], [axis], "int64") }),
            node("Gather", ["sizes", `${name}.axis`], `${name}.size`, { axis: 0 }),
            node("Unsqueeze", [`${name}.size`, "zero"], `${name}.vector`),
          ]),
          node("Constant", [], "h", { value: tensor("", [1], [H], "int64") }),
          node("Constant", [], "d", { value: tensor("", [1], [D], "int64") }),
          node("Constant", [], "c", { value: tensor("", [1], [C], "int64") }),
          node("Concat", ["batch.vector", "length.vector", "h", "d"], "heads_sizes", { axis: 0 }),
          node("Concat", ["batch.vector", "length.vector", "c"], "merged_sizes", { axis: 0 }),
          ...softmaxNodes().map((entry) =>
            entry.opType === "Reshape" ? { ...entry, input: [entry.input?.[0] ?? "", "heads_sizes"] } : entry,
          ),
          node("Reshape", ["context", "merged_sizes"], "merged"),
          node(
            "MatMul",
            ["merged", "onnx::MatMul_1948"],
            "product",
            {},
            "",
            "/encoder/layer.0/attention/output/dense/MatMul",
          ),
          node("Add", [bias.name ?? "", "product"], "y"),
        ],
        initializers: [
          ...qkvWeights(),
          half(),
          tensor("zero", [1], [0], "int64"),
          weights("onnx::MatMul_1948", C, C, 9),
          bias,
        ],
        opset: 14,
        irVersion: 7,
      },
    ),
  },
  {
    title: "GPT-2: Gemm on rows [B·T, C] reshaped from [B, T, C]",
    node: "c_proj",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm(
      [
        node("Reshape", ["merged", "rows_shape"], "rows"),
        node("Gemm", ["rows", "out.weight", bias.name ?? ""], "product", {}, "", "c_proj"),
        node("Shape", ["merged"], "sizes"),
        node("Reshape", ["product", "sizes"], "y"),
      ],
      [out, bias],
    ),
  },
  {
    title: "rows [B·T, C] reshaped straight from [B, T, heads, channels of a head], weight transposed",
    node: "proj",
    tapped: "context",
    attention: "Softmax",
    parts: softmaxForm([], [out, bias], {
      nodes: [
        ...qkvNodes(),
        ...softmaxNodes(),
        node("Reshape", ["context", "rows_shape"], "rows"),
        node("Gemm", ["rows", "out.weight", bias.name ?? ""], "y", { transB: 1 }, "", "proj"),
      ],
    }),
  },
  {
    title: "bias moved into SkipLayerNormalization",
    node: "dense",
    tapped: "merged",
    attention: "Softmax",
    path: "encoder.layer.0.attention.output.dense",
    parts: softmaxForm(
      [
        node("MatMul", ["merged", "anonymous"], "product", {}, "", "dense"),
        node(
          "SkipLayerNormalization",
          ["product", "x", "gamma", "beta", bias.name ?? ""],
          "y",
          { epsilon: { f: 1e-5 } },
          "com.microsoft",
        ),
      ],
      [
        weights("anonymous", C, C, 9),
        bias,
        tensor("gamma", [C], Array<number>(C).fill(1)),
        tensor("beta", [C], Array<number>(C).fill(0)),
      ],
    ),
  },
  {
    title: "FusedMatMul with transB",
    node: "out",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm(
      [node("FusedMatMul", ["merged", "out.weight"], "y", { transB: 1 }, "com.microsoft", "out")],
      [out],
    ),
  },
  {
    title: "operator set 9 with every constant in a Constant node and no initializers",
    node: "out",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm([], [], {
      nodes: [
        ...[...attentionWeights(), out].map((constant) =>
          node("Constant", [], constant.name ?? "", { value: constant }),
        ),
        ...qkvNodes(),
        ...softmaxNodes(),
        mergeNode(),
        node("MatMul", ["merged", "out.weight"], "y", {}, "", "out"),
      ],
      initializers: [],
      opset: 9,
      irVersion: 4,
    }),
  },
  {
    title: "softmax written out as exponentials, guarded by Where as dynamo does",
    node: "out",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm(
      [node("MatMul", ["merged", "out.weight"], "y", {}, "", "out")],
      [out, tensor("nothing", [], [0]), tensor("last", [1], [-1], "int64")],
      {
        nodes: [
          ...qkvNodes(),
          ...softmaxNodes().flatMap((entry) =>
            entry.opType === "Softmax"
              ? [
                  node("Exp", ["scaled"], "exponentials"),
                  node("ReduceSum", ["exponentials", "last"], "total", { keepdims: 1 }),
                  node("Div", ["exponentials", "total"], "quotient"),
                  node("IsNaN", ["quotient"], "undefined_rows"),
                  node("Where", ["undefined_rows", "nothing", "quotient"], "probabilities"),
                ]
              : [entry],
          ),
          mergeNode(),
          node("MatMul", ["merged", "out.weight"], "y", {}, "", "out"),
        ],
      },
    ),
  },
  {
    title: "Einsum for both products",
    node: "out",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm([], [out], {
      nodes: [
        ...qkvNodes(),
        ...["q", "k", "v"].map((name) => node("Reshape", [name, "heads_shape"], `${name}.heads`)),
        node("Einsum", ["q.heads", "k.heads"], "scores", { equation: "bqhd,bkhd->bhqk" }),
        node("Softmax", ["scores"], "probabilities", { axis: 3 }),
        node("Einsum", ["probabilities", "v.heads"], "context", { equation: "bhqk,bkhd->bqhd" }),
        mergeNode(),
        node("MatMul", ["merged", "out.weight"], "y", {}, "", "out"),
      ],
    }),
  },
  {
    title: "float16",
    node: "out",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm([], [], {
      nodes: [
        ...qkvNodes(),
        ...softmaxNodes(),
        mergeNode(),
        node("MatMul", ["merged", "out.weight"], "y", {}, "", "out"),
      ],
      inputs: x("float16"),
      outputs: y("float16"),
      initializers: [
        ...qkvWeights("float16"),
        half("float16"),
        ...shapes,
        weights("out.weight", C, C, 9, "float16"),
      ],
    }),
  },
  ...(["MultiHeadAttention", "GroupQueryAttention"] as const).map((op): AttentionForm => ({
    title: `com.microsoft ${op}`,
    node: "out",
    tapped: "merged",
    attention: op,
    parts: softmaxForm([], [out, tensor("lengths", [1], [4], "int32"), tensor("total", [1], [5], "int32")], {
      nodes: [
        ...qkvNodes(),
        op === "MultiHeadAttention"
          ? node(op, fusedInputs, "merged", { num_heads: H }, "com.microsoft")
          : node(
              op,
              [...fusedInputs, "", "", "lengths", "total"],
              ["merged", "", ""],
              { num_heads: H, kv_num_heads: H },
              "com.microsoft",
              "gqa",
            ),
        node("MatMul", ["merged", "out.weight"], "y", {}, "", "out"),
      ],
    }),
  })),
  {
    title: "com.microsoft Attention with its packed weights",
    node: "out",
    tapped: "merged",
    attention: "Attention",
    parts: softmaxForm(
      [],
      [out, weights("packed", C, 3 * C, 5), tensor("packed_bias", [3 * C], randomValues(3 * C, 6))],
      {
        nodes: [
          node("Attention", ["x", "packed", "packed_bias"], "merged", { num_heads: H }, "com.microsoft"),
          node("MatMul", ["merged", "out.weight"], "y", {}, "", "out"),
        ],
      },
    ),
  },
  {
    title: "standard Attention with three axes",
    node: "out",
    tapped: "merged",
    attention: "Attention",
    parts: softmaxForm([], [out], {
      nodes: [
        ...qkvNodes(),
        node("Attention", fusedInputs, "merged", { q_num_heads: H, kv_num_heads: H }),
        node("MatMul", ["merged", "out.weight"], "y", {}, "", "out"),
      ],
      opset: 23,
      irVersion: 11,
    }),
  },
  {
    title: "standard Attention with four axes",
    node: "out",
    tapped: "merged",
    attention: "Attention",
    parts: softmaxForm([], [out], {
      nodes: [
        ...qkvNodes(),
        ...["q", "k", "v"].flatMap((name) => [
          node("Reshape", [name, "heads_shape"], `${name}.heads`),
          node("Transpose", [`${name}.heads`], `${name}.turned`, { perm: [0, 2, 1, 3] }),
        ]),
        node("Attention", ["q.turned", "k.turned", "v.turned"], "per_head"),
        node("Transpose", ["per_head"], "context", { perm: [0, 2, 1, 3] }),
        mergeNode(),
        node("MatMul", ["merged", "out.weight"], "y", {}, "", "out"),
      ],
      opset: 23,
      irVersion: 11,
    }),
  },
  {
    title: "int8: the float input of DynamicQuantizeLinear before MatMulInteger",
    node: "out_quant",
    tapped: "merged",
    attention: "Softmax",
    path: "encoder.layer.0.attention.output.dense",
    parts: softmaxForm(
      [
        node("DynamicQuantizeLinear", ["merged"], ["q8", "q8.scale", "q8.zero"]),
        node("MatMulInteger", ["q8", "w_quantized", "q8.zero", "w.zero"], "integers", {}, "", "out_quant"),
        node("Cast", ["integers"], "floats", { to: ELEMENT.float32 }),
        node("Mul", ["q8.scale", "w.scale"], "scales"),
        node("Mul", ["floats", "scales"], "product"),
        node("Add", ["product", bias.name ?? ""], "y"),
      ],
      [
        ...bytes("w_quantized", C, C),
        tensor("w.zero", [], [128], "uint8"),
        tensor("w.scale", [], [0.01]),
        bias,
      ],
    ),
  },
  {
    title: "QLinearMatMul behind QuantizeLinear",
    node: "out",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm(
      [
        node("QuantizeLinear", ["merged", "x.scale", "w.zero"], "q8"),
        node(
          "QLinearMatMul",
          ["q8", "x.scale", "w.zero", "w_quantized", "w.scale", "w.zero", "y.scale", "w.zero"],
          "integers",
          {},
          "",
          "out",
        ),
        node("DequantizeLinear", ["integers", "y.scale", "w.zero"], "y"),
      ],
      [
        ...bytes("w_quantized", C, C),
        ...[tensor("w.zero", [], [128], "uint8"), tensor("w.scale", [], [0.01])],
        ...[tensor("x.scale", [], [0.01]), tensor("y.scale", [], [0.02])],
      ],
    ),
  },
  {
    title: "DequantizeLinear before MatMul, the input quantised and dequantised",
    node: "out",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm(
      [
        node("QuantizeLinear", ["merged", "x.scale", "w.zero"], "q8"),
        node("DequantizeLinear", ["q8", "x.scale", "w.zero"], "dequantized"),
        node("DequantizeLinear", ["w_quantized", "w.scale", "w.zero"], "w"),
        node("MatMul", ["dequantized", "w"], "y", {}, "", "out"),
      ],
      [
        ...bytes("w_quantized", C, C),
        ...[
          tensor("w.zero", [], [128], "uint8"),
          tensor("w.scale", [], [0.01]),
          tensor("x.scale", [], [0.01]),
        ],
      ],
    ),
  },
  {
    title: "Keras: an Einsum that sums over heads and their channels",
    node: "attention_output",
    tapped: "context",
    attention: "Softmax",
    parts: {
      nodes: [
        ...[...qkvNodes(), ...softmaxNodes()],
        node(
          "Einsum",
          ["context", "kernel"],
          "product",
          { equation: "bthd,hdo->bto" },
          "",
          "attention_output",
        ),
        node("Add", ["product", bias.name ?? ""], "y"),
      ],
      inputs: x(),
      outputs: y(),
      initializers: [...[...attentionWeights(), bias], tensor("kernel", [H, D, C], randomValues(C * C, 11))],
      opset: 17,
    },
  },
  {
    title: "MatMulNBits",
    node: "out",
    tapped: "merged",
    attention: "Softmax",
    parts: softmaxForm(
      [
        node(
          "MatMulNBits",
          ["merged", "w_Q4", "w_scales"],
          "y",
          { K: C, N: C, bits: 4, block_size: 32 },
          "com.microsoft",
          "out",
        ),
      ],
      [
        tensor(
          "w_Q4",
          [C, 1, 16],
          randomValues(C * 16, 3).map((w) => Math.floor((w + 1) * 127)),
          "uint8",
        ),
        tensor("w_scales", [C], Array<number>(C).fill(0.1)),
      ],
    ),
  },
];

function bytes(name: string, rows: number, columns: number): Initializer[] {
  return [
    tensor(
      name,
      [rows, columns],
      randomValues(rows * columns, 8).map((w) => Math.floor((w + 1) * 127)),
      "uint8",
    ),
  ];
}

/** The form's model, with further tensors as outputs. */
export function buildForm({ parts }: AttentionForm, exposed: string[] = []): Uint8Array {
  const outputs = exposed.map((name) =>
    value(name, undefined, parts.inputs.length > 0 && isHalf(parts) ? "float16" : "float32"),
  );
  return model({ ...parts, outputs: [...parts.outputs, ...outputs] });
}

const HALF: number = ELEMENT.float16;

export function isHalf({ inputs }: ModelParts): boolean {
  const type = inputs[0]?.type?.value;
  return type?.case === "tensorType" && type.value.elemType === HALF;
}

/** The forms that run on one float32 input `x`. */
export const FLOAT_FORMS: AttentionForm[] = FORMS.filter(
  ({ parts }) => parts.inputs[0]?.name === "x" && !isHalf(parts),
);
