import { describe, expect, it } from "vitest";
import {
  C,
  D,
  H,
  half,
  mergeNode,
  qkvNodes,
  qkvWeights,
  shapes,
  softmaxNodes,
  weights,
} from "../test/attention-forms.ts";
import { ELEMENT, model, type ModelParts, node, randomValues, tensor, value } from "../test/build-model.ts";
import { bitsOf, meanSquareOf, relativeError, runModel } from "../test/run-model.ts";
import { attentionTaps } from "./attention-taps.ts";
import { findAttentionProjections } from "./find-attention.ts";
import { HeadHooksError } from "./head-hooks-error.ts";
import { hookModel } from "./hook-model.ts";
import { listProjections } from "./projections.ts";
import { headRecords } from "./unit-layout.ts";

const x = { data: randomValues(2 * 5 * C, 4), shape: [2, 5, C] };
const inputs = [value("x", ["B", "S", C])];
const outputs = [value("y", undefined)];
const attention = [...qkvNodes(), ...softmaxNodes(), mergeNode()];
const constants = [...qkvWeights(), half(), ...shapes];

function errorOf(action: () => unknown): HeadHooksError {
  try {
    action();
  } catch (error) {
    if (error instanceof HeadHooksError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A block as FLUX's single blocks: attention and a gated MLP side by side into one projection. */
function parallelBlock(): ModelParts {
  return {
    nodes: [
      ...attention,
      node("MatMul", ["x", "up.weight"], "up"),
      node("Sigmoid", ["up"], "gate"),
      node("Mul", ["up", "gate"], "mlp"),
      node("Concat", ["merged", "mlp"], "joined", { axis: -1 }),
      node("MatMul", ["joined", "out.weight"], "y", {}, "", "single_transformer_blocks.0.attn.to_out"),
    ],
    inputs,
    outputs,
    initializers: [...constants, weights("up.weight", C, 3 * C, 7), weights("out.weight", 4 * C, C, 8)],
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
        ...attention,
        slice("text", "zero", "two"),
        slice("image", "two", "end"),
        node("MatMul", ["text", "a.weight"], "text_out", {}, "", "blocks.0.to_add_out"),
        node("MatMul", ["image", "a.weight"], "image_out", {}, "", "blocks.0.to_out"),
        node("Concat", ["text_out", "image_out"], "y", { axis: 1 }),
      ],
      inputs,
      outputs,
      initializers: [
        ...[...constants, weights("a.weight", C, C, 8)],
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
      nodes: [...attention, node("MatMul", ["merged", "a.weight"], "y", {}, "", "out")],
      inputs: [...inputs, value("heads_shape", [4], "int64")],
      outputs,
      initializers: [...constants.filter(({ name }) => name !== "heads_shape"), weights("a.weight", C, C, 8)],
    });
    expect(findAttentionProjections(hidden)[0]?.parts).toEqual([
      { kind: "attention", channels: C, heads: null, headSize: null },
    ]);
    expect(errorOf(() => hookModel(hidden)).code).toBe("heads-unknown");
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

describe("local functions", () => {
  /** Two calls of one function, as the dynamo exporter writes repeated layers; the weights are its inputs. */
  function withFunctions(nested = false): ModelParts {
    const names = ["q.weight", "k.weight", "v.weight", "out.weight", "heads_shape", "merged_shape", "half"];
    const call = (input: string, output: string, layer: number): ModelParts["nodes"][number] =>
      node("Block", [input, ...names], output, { softmax_axis: 3 }, "pkg.test", `layer_${layer}`);
    const body = [
      ...[...attention, node("MatMul", ["merged", "out.weight"], "out", {}, "", "o_proj")].map((entry) =>
        entry.opType === "Softmax"
          ? node("Softmax", ["scaled"], "probabilities", { axis: { ref: "softmax_axis" } })
          : entry,
      ),
    ];
    const opsetImport = [
      { domain: "", version: 21n },
      { domain: "pkg.test", version: 1n },
    ];
    const block = {
      name: "Block",
      domain: "pkg.test",
      input: ["x", ...names],
      output: ["out"],
      attribute: ["softmax_axis"],
      opsetImport,
    };
    const inner = node(
      "Inner",
      ["x", ...names],
      "out",
      { softmax_axis: { ref: "softmax_axis" } },
      "pkg.test",
      "inner",
    );
    return {
      nodes: [call("x", "middle", 0), call("middle", "y", 1)],
      inputs,
      outputs,
      initializers: [...constants, weights("out.weight", C, C, 9)],
      functions: nested
        ? [
            { ...block, node: [inner] },
            { ...block, name: "Inner", node: body },
          ]
        : [{ ...block, node: body }],
    };
  }

  it.each([false, true])("are seen through, every call on its own (nested: %s)", async (nested) => {
    const bytes = model(withFunctions(nested));
    const prefix = nested ? "/inner" : "";
    const nodes = findAttentionProjections(bytes).map(({ node: name, parts }) => [name, parts[0]?.heads]);
    expect(nodes).toEqual([0, 1].map((layer) => [`layer_${layer}${prefix}/o_proj`, H]));
    const { model: hooked, layout } = hookModel(bytes, { scale: true });
    expect(layout.headCount).toBe(2 * H);
    const plain = await runModel(bytes, { x });
    const run = await runModel(hooked, { x, scale: { data: Float32Array.of(1), shape: [1] } });
    expect(bitsOf(run["y"])).toEqual(bitsOf(plain["y"]));
    expect(run["mean_square"]?.shape).toEqual([2, 2 * H]);
    expect(hookModel(hooked, { scale: true }).modified).toBe(false);
  });

  it("are written out only where they are tapped", () => {
    const bytes = model(withFunctions());
    const { model: hooked } = hookModel(bytes, { taps: attentionTaps(bytes, { at: "layer_1/**" }) });
    expect(listProjections(hooked).filter(({ node: name }) => name.endsWith("o_proj"))).toHaveLength(2);
    const again = hookModel(hooked, { taps: [{ at: "layer_0/o_proj" }], outputName: "first" });
    expect(again.modified).toBe(true);
  });

  it("that call each other in a circle are an error, not a hang", () => {
    const parts = withFunctions(true);
    const [block, inner] = parts.functions ?? [];
    const circle = { ...inner, node: block?.node ?? [] };
    const bytes = model({ ...parts, functions: [block ?? {}, circle] });
    expect(errorOf(() => hookModel(bytes)).code).toBe("malformed-model");
  });
});

describe("subgraphs", () => {
  const body = (name: string, form: "same" | "other"): Parameters<typeof node>[3] => ({
    [name]: {
      graph: {
        name,
        node: [
          ...[...attention, node("Mul", ["merged", "half"], "gated")],
          // The second branch of a merged decoder has the same projection on another input.
          node(
            "MatMul",
            [form === "same" ? "merged" : "gated", "out.weight"],
            `${name}.out`,
            {},
            "",
            "o_proj",
          ),
        ],
        output: [value(`${name}.out`, undefined)],
      },
    },
  });
  const decoder = (branches: Parameters<typeof node>[3]): Uint8Array =>
    model({
      nodes: [
        node("Cast", ["flag"], "condition", { to: 9 }),
        node("If", ["condition"], "y", branches, "", "merged_decoder"),
      ],
      inputs: [...inputs, value("flag", [])],
      outputs,
      initializers: [...constants, weights("out.weight", C, C, 9)],
    });
  const merged = decoder({ ...body("then_branch", "same"), ...body("else_branch", "other") });

  it("that are the two branches of an If are tapped as one, whichever runs", async () => {
    expect(findAttentionProjections(merged).map(({ scope, twin }) => [scope, twin?.scope])).toEqual([
      ["merged_decoder/then_branch", "merged_decoder/else_branch"],
    ]);
    const { model: hooked, layout } = hookModel(merged);
    expect(layout.headCount).toBe(H);
    const captured = async (flag: number): Promise<number[]> => {
      const feeds = { x, flag: { data: Float32Array.of(flag), shape: [] } };
      const run = await runModel(hooked, feeds);
      expect(bitsOf(run["y"])).toEqual(bitsOf((await runModel(merged, feeds))["y"]));
      return Array.from(run["mean_square"]?.data ?? [], Number);
    };
    const [whole, halved] = [await captured(1), await captured(0)];
    expect(whole).toHaveLength(2 * H);
    expect(
      relativeError(
        halved,
        whole.map((number) => number / 4),
      ),
    ).toBeLessThan(1e-5);
    expect(hookModel(hooked).modified).toBe(false);
  });

  it("without a twin in the other branch are refused with the place, and so is scaling inside", () => {
    const constant = {
      else_branch: {
        graph: { name: "else", node: [node("Identity", ["x"], "e")], output: [value("e", undefined)] },
      },
    };
    const single = decoder({ ...body("then_branch", "same"), ...constant });
    expect(errorOf(() => hookModel(single)).code).toBe("inside-subgraph");
    expect(errorOf(() => hookModel(merged, { scale: true })).code).toBe("cannot-scale");
  });
});

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
