import { describe, expect, it } from "vitest";
import { C, D, H, weights } from "../../test/attention-forms.ts";
import { model, type ModelParts, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { meanSquareOf, relativeError, runModel } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import { headMeanSquares } from "../units/head-mean-squares.ts";
import { attentionTaps } from "./attention-taps.ts";
import { findAttentionProjections } from "./find-attention.ts";

type Node = ModelParts["nodes"][number];
type Initializer = NonNullable<ModelParts["initializers"]>[number];

/** A form of attention, up to `merged`, which the projection takes. */
interface Form {
  readonly title: string;
  readonly nodes: Node[];
  readonly initializers: Initializer[];
  readonly heads: number;
  readonly size: number;
  /** Channels of `merged`, if they are not all heads. */
  readonly width?: number;
  readonly tokens?: number;
  readonly isStatic?: boolean;
  readonly valueInfos?: ModelParts["valueInfos"];
}

const integers = (name: string, values: number[]): Initializer =>
  tensor(name, [values.length], values, "int64");
const transpose = (input: string, output: string, perm: number[]): Node =>
  node("Transpose", [input], output, { perm });
const reshape = (input: string, shape: string, output: string): Node =>
  node("Reshape", [input, shape], output);
const linear = (name: string): Node => node("MatMul", ["x", `${name}.weight`], `${name}.flat`);
const square = (name: string, index: number): Initializer => weights(`${name}.weight`, C, C, index + 1);

/** Softmax attention over `q` [.., S, D], `k` [.., D, S] and `v` [.., S, D]. */
const product: Node[] = [
  node("MatMul", ["q", "k"], "scores"),
  node("Softmax", ["scores"], "probabilities", { axis: -1 }),
  node("MatMul", ["probabilities", "v"], "context"),
];
const merge: Node[] = [
  transpose("context", "turned", [0, 2, 1, 3]),
  reshape("turned", "merged_shape", "merged"),
];
const separate: Node[] = ["q", "k", "v"].flatMap((name) => [
  linear(name),
  reshape(`${name}.flat`, "heads_shape", `${name}.heads`),
  transpose(`${name}.heads`, name, name === "k" ? [0, 2, 3, 1] : [0, 2, 1, 3]),
]);
const squares = ["q", "k", "v"].map(square);
const shapes = [integers("heads_shape", [0, 0, H, D]), integers("merged_shape", [0, 0, C])];

function einsumForm(tokens: number, isStated: boolean): Form {
  return {
    title: `an Einsum over ${tokens} tokens, its shape ${isStated ? "stated" : "left open"}`,
    heads: H,
    size: D,
    tokens,
    isStatic: isStated,
    nodes: [
      ...["q", "k", "v"].flatMap((name) => [linear(name), reshape(`${name}.flat`, "heads_shape", name)]),
      node("Einsum", ["q", "k"], "scores", { equation: "bqhd,bkhd->bhqk" }),
      node("Softmax", ["scores"], "probabilities", { axis: -1 }),
      node("Einsum", ["probabilities", "v"], "context", { equation: "bhqk, bkhd -> bqhd" }),
      reshape("context", "merged_shape", "merged"),
    ],
    initializers: [...squares, ...shapes],
    ...(isStated && { valueInfos: [value("context", [1, tokens, H, D])] }),
  };
}

const known: Form[] = [
  {
    title: "GPT-NeoX: queries, keys and values of a head side by side, split on the last axis",
    heads: H,
    size: D,
    nodes: [
      linear("qkv"),
      reshape("qkv.flat", "qkv_shape", "qkv"),
      node("Split", ["qkv", "thirds"], ["q0", "k0", "v0"], { axis: -1 }),
      ...[transpose("q0", "q", [0, 2, 1, 3]), transpose("k0", "k", [0, 2, 3, 1])],
      transpose("v0", "v", [0, 2, 1, 3]),
      ...[...product, ...merge],
    ],
    initializers: [
      ...[weights("qkv.weight", C, 3 * C, 1), integers("qkv_shape", [0, 0, H, 3 * D])],
      ...[integers("thirds", [D, D, D]), ...shapes],
    ],
  },
  {
    title: "GPT-NeoX with slices of the last axis",
    heads: H,
    size: D,
    nodes: [
      ...[linear("qkv"), reshape("qkv.flat", "qkv_shape", "qkv")],
      ...["q", "k", "v"].map((name, index) =>
        node("Slice", ["qkv", `at${index}`, `at${index + 1}`, "last"], `${name}0`),
      ),
      ...[transpose("q0", "q", [0, 2, 1, 3]), transpose("k0", "k", [0, 2, 3, 1])],
      transpose("v0", "v", [0, 2, 1, 3]),
      ...[...product, ...merge],
    ],
    initializers: [
      ...[weights("qkv.weight", C, 3 * C, 1), integers("qkv_shape", [0, 0, H, 3 * D]), ...shapes],
      ...[integers("at0", [0]), integers("at1", [D]), integers("at2", [2 * D])],
      ...[integers("at3", [Number.MAX_SAFE_INTEGER]), integers("last", [3])],
    ],
  },
  {
    title: "MLA: keys and values of a head side by side",
    heads: H,
    size: D,
    nodes: [
      ...[linear("q"), reshape("q.flat", "heads_shape", "q.heads"), transpose("q.heads", "q", [0, 2, 1, 3])],
      ...[linear("kv"), reshape("kv.flat", "kv_shape", "kv.heads")],
      transpose("kv.heads", "kv", [0, 2, 1, 3]),
      node("Split", ["kv", "halves"], ["k0", "v"], { axis: -1 }),
      transpose("k0", "k", [0, 1, 3, 2]),
      ...[...product, ...merge],
    ],
    initializers: [
      ...[square("q", 0), weights("kv.weight", C, 2 * C, 2), ...shapes],
      ...[integers("kv_shape", [0, 0, H, 2 * D]), integers("halves", [D, D])],
    ],
  },
  ...[16, 12, 5, 32].map((tokens) => einsumForm(tokens, true)),
  einsumForm(5, false),
  {
    title: "values before the weights, channels first, with static shapes",
    heads: H,
    size: D,
    tokens: 16,
    isStatic: true,
    nodes: [
      ...["q", "k", "v"].flatMap((name) => [
        ...[linear(name), transpose(`${name}.flat`, `${name}.turned`, [0, 2, 1])],
        reshape(`${name}.turned`, "heads_shape", name),
      ]),
      transpose("q", "q.turned_back", [0, 1, 3, 2]),
      node("MatMul", ["q.turned_back", "k"], "scores"),
      node("Softmax", ["scores"], "probabilities", { axis: -1 }),
      transpose("probabilities", "weights_turned", [0, 1, 3, 2]),
      node("MatMul", ["v", "weights_turned"], "context"),
      reshape("context", "merged_shape", "channels_first"),
      transpose("channels_first", "merged", [0, 2, 1]),
    ],
    initializers: [...squares, integers("heads_shape", [1, H, D, 16]), integers("merged_shape", [1, C, 16])],
  },
  {
    title: "one head in windows, its shape stated",
    heads: 1,
    size: C,
    tokens: 24,
    isStatic: true,
    nodes: [
      reshape("x", "windows", "x.windows"),
      ...["q", "k", "v"].map((name) =>
        node("MatMul", ["x.windows", `${name}.weight`], name === "k" ? "k0" : name),
      ),
      transpose("k0", "k", [0, 1, 3, 2]),
      ...product,
      reshape("context", "merged_shape", "merged"),
    ],
    initializers: [...squares, integers("windows", [1, 4, 6, C]), integers("merged_shape", [1, 24, C])],
    valueInfos: [value("context", [1, 4, 6, C])],
  },
  {
    title: "products with three axes, batch and heads in one",
    heads: H,
    size: D,
    nodes: [
      ...separate.slice(0, -3).filter(({ opType }) => opType !== "Transpose"),
      ...[transpose("q.heads", "q.turned", [0, 2, 1, 3]), transpose("k.heads", "k.turned", [0, 2, 3, 1])],
      ...[
        linear("v"),
        reshape("v.flat", "heads_shape", "v.heads"),
        transpose("v.heads", "v.turned", [0, 2, 1, 3]),
      ],
      ...["q", "v"].map((name) => reshape(`${name}.turned`, "rows_shape", name)),
      reshape("k.turned", "columns_shape", "k"),
      ...product,
      reshape("context", "back_shape", "context.heads"),
      transpose("context.heads", "turned", [0, 2, 1, 3]),
      reshape("turned", "merged_shape", "merged"),
    ],
    initializers: [
      ...[...squares, ...shapes, integers("rows_shape", [-1, 5, D]), integers("columns_shape", [-1, D, 5])],
      integers("back_shape", [-1, H, 5, D]),
    ],
  },
  {
    title: "half of the heads of a fused operator",
    heads: 2,
    size: D,
    nodes: [
      ...["q", "k", "v"].map(linear),
      node("MultiHeadAttention", ["q.flat", "k.flat", "v.flat"], "all", { num_heads: H }, "com.microsoft"),
      node("Slice", ["all", "from", "to", "last"], "merged"),
    ],
    initializers: [...squares, integers("from", [D]), integers("to", [3 * D]), integers("last", [2])],
  },
];

/** Attention up to `turned` [B, S, H, D], and then as exporters merge its heads with sizes that they compute. */
const merged = (title: string, nodes: Node[], initializers: Initializer[] = []): Form => ({
  title,
  heads: H,
  size: D,
  nodes: [...separate, ...product, transpose("context", "turned", [0, 2, 1, 3]), ...nodes],
  initializers: [
    ...[...squares, ...shapes, integers("zero", [0]), integers("one", [1]), integers("two", [2])],
    ...[integers("last", [-1]), integers("end", [Number.MAX_SAFE_INTEGER]), ...initializers],
  ],
});
const flattened: Node[] = [
  node("Shape", ["turned"], "sizes"),
  node("Slice", ["sizes", "zero", "two", "zero"], "rows"),
  node("Concat", ["rows", "last"], "flat_shape", { axis: 0 }),
  reshape("turned", "flat_shape", "flat"),
];

known.push(
  merged("the legacy exporter's flatten, then a Slice of tokens, as in FLUX", [
    ...[...flattened, node("Slice", ["flat", "one", "end", "one"], "merged")],
  ]),
  merged(
    "the dynamo exporter: sizes by Shape with start and end, then a Split of tokens of computed sizes",
    [
      ...[node("Shape", ["x"], "b", { start: 0, end: 1 }), node("Shape", ["x"], "s", { start: 1, end: 2 })],
      node("Concat", ["b", "s", "width"], "flat_shape", { axis: 0 }),
      node("Reshape", ["turned", "flat_shape"], "flat", { allowzero: 1 }),
      ...[node("Sub", ["s", "two"], "rest"), node("Concat", ["two", "rest"], "shares", { axis: 0 })],
      node("Split", ["flat", "shares"], ["text", "merged"], { axis: 1 }),
    ],
    [integers("width", [C])],
  ),
  merged("heads and their channels counted at run time, as in GPT-2", [
    ...[node("Shape", ["turned"], "sizes"), node("Slice", ["sizes", "two", "end"], "heads_and_size")],
    node("ReduceProd", ["heads_and_size"], "width", { keepdims: 1 }),
    ...[node("Concat", ["zero", "zero", "width"], "flat_shape", { axis: 0 })],
    reshape("turned", "flat_shape", "merged"),
  ]),
);

const interleaved: Form[] = [
  {
    title: "channels merged before heads",
    heads: H,
    size: D,
    nodes: [
      ...[...separate, ...product, transpose("context", "turned", [0, 2, 3, 1])],
      reshape("turned", "merged_shape", "merged"),
    ],
    initializers: [...squares, ...shapes],
  },
  {
    title: "tokens merged with channels",
    heads: H,
    size: D,
    tokens: 16,
    isStatic: true,
    nodes: [...separate, ...product, reshape("context", "merged_shape", "merged")],
    initializers: [...squares, integers("heads_shape", [0, 0, H, D]), integers("merged_shape", [1, 16, C])],
  },
  {
    title: "a fused operator with a head cut through",
    width: 2 * D,
    heads: H,
    size: D,
    nodes: [
      ...["q", "k", "v"].map(linear),
      node("MultiHeadAttention", ["q.flat", "k.flat", "v.flat"], "all", { num_heads: H }, "com.microsoft"),
      node("Slice", ["all", "from", "to", "last"], "merged"),
    ],
    initializers: [...squares, integers("from", [4]), integers("to", [4 + 2 * D]), integers("last", [2])],
  },
];

const unknown: Form[] = [
  {
    title: "heads cut out at places that a run gives",
    heads: H,
    size: D,
    nodes: [
      ...["q", "k", "v"].map(linear),
      node("MultiHeadAttention", ["q.flat", "k.flat", "v.flat"], "all", { num_heads: H }, "com.microsoft"),
      node("Shape", ["x"], "sizes"),
      node("Gather", ["sizes", "zero"], "from", { axis: 0 }),
      node("Add", ["from", "width"], "to"),
      node("Slice", ["all", "from", "to", "last"], "merged"),
    ],
    initializers: [...squares, integers("zero", [0]), integers("width", [2 * D]), integers("last", [2])],
  },
];

function build(
  { nodes, initializers, tokens = 5, isStatic = false, valueInfos = [] }: Form,
  width = C,
): Uint8Array {
  return model({
    nodes: [...nodes, node("MatMul", ["merged", "out.weight"], "y", {}, "", "out")],
    inputs: [value("x", isStatic ? [1, tokens, C] : ["B", "S", C])],
    outputs: [value("y", undefined), value("merged", undefined)],
    initializers: [...initializers, weights("out.weight", width, C, 9)],
    valueInfos,
    opset: 17,
    irVersion: 8,
  });
}

describe.each(known)("attention in the form of $title", (form) => {
  const { heads, size, tokens = 5, isStatic = false } = form;
  const bytes = build(form, heads * size);

  it("has the heads that the graph shows", () => {
    expect(findAttentionProjections(bytes)[0]?.parts).toEqual([
      { kind: "attention", channels: heads * size, heads, headSize: size },
    ]);
  });

  it("is captured head by head", async () => {
    const batch = isStatic ? 1 : 2;
    const x = { data: randomValues(batch * tokens * C, 3), shape: [batch, tokens, C] };
    const hooked = hookModel(bytes);
    const { merged = x, mean_square: captured = x } = await runModel(hooked.model, { x });
    const perHead = headMeanSquares(
      { data: captured.data as Float32Array, shape: captured.shape },
      hooked.layout,
    );
    expect(relativeError(perHead.data, meanSquareOf(merged, size))).toBeLessThan(1e-5);
  });
});

it.each(interleaved)(
  "channels that are not whole heads one after the other take no number of heads: $title",
  (form) => {
    const { width = C } = form;
    const bytes = build(form, width);
    expect(findAttentionProjections(bytes)[0]?.parts).toEqual([
      { kind: "attention", channels: width, heads: null, headSize: null, areHeadsScattered: true },
    ]);
    for (const heads of [undefined, H]) {
      const error = errorOf(() => attentionTaps(bytes, heads === undefined ? {} : { heads }));
      expect(error.code).toBe("unknown-heads");
      expect(error.message).toContain("not whole heads");
    }
  },
);

it.each(unknown)("heads are asked for where the graph does not show which are left: $title", (form) => {
  const bytes = build(form, 2 * D);
  expect(findAttentionProjections(bytes)[0]?.parts).toEqual([
    { kind: "attention", channels: 2 * D, heads: null, headSize: null },
  ]);
  expect(errorOf(() => hookModel(bytes)).code).toBe("unknown-heads");
});

it("rows of a Gemm, as GPT-2 takes them, have the heads that their sizes show", () => {
  const form = merged("", [
    ...[...flattened, node("Shape", ["flat"], "flat_sizes")],
    node("Slice", ["flat_sizes", "last", "end", "zero"], "width"),
    node("Concat", ["last", "width"], "rows_shape", { axis: 0 }),
    reshape("flat", "rows_shape", "merged"),
  ]);
  expect(findAttentionProjections(build(form))[0]?.parts).toEqual([
    { kind: "attention", channels: C, heads: H, headSize: D },
  ]);
  expect(hookModel(build(form)).layout.headCount).toBe(H);
});
