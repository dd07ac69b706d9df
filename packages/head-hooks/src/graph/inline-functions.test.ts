import { describe, expect, it } from "vitest";
import { attentionNodes, attentionWeights, C, H, weights } from "../../test/attention-forms.ts";
import { model, type ModelParts, node, randomValues, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { bitsOf, meanSquareOf, relativeError, runModel } from "../../test/run-model.ts";
import { attentionTaps } from "../attention/attention-taps.ts";
import { findAttentionProjections } from "../attention/find-attention.ts";
import { listProjections } from "../attention/projections.ts";
import { hookModel } from "../hook/hook-model.ts";

const x = { data: randomValues(2 * 5 * C, 4), shape: [2, 5, C] };
const inputs = [value("x", ["B", "S", C])];
const outputs = [value("y", undefined)];

type Node = ModelParts["nodes"][number];

/** A branch that multiplies what the function takes. */
const graphOf = (op: string): { graph: { name: string; node: Node[]; output: typeof outputs } } => ({
  graph: {
    name: op,
    node: [node("MatMul", ["a", "w"], "product", {}, "", "mm"), node(op, ["product"], "result")],
    output: [value("result", undefined)],
  },
});

describe("inlineFunctions: local functions", () => {
  /** Two calls of one function, as the dynamo exporter writes repeated layers; the weights are its inputs. */
  function withFunctions(nested = false): ModelParts {
    const names = ["q.weight", "k.weight", "v.weight", "out.weight", "heads_shape", "merged_shape", "half"];
    const call = (input: string, output: string, layer: number): ModelParts["nodes"][number] =>
      node("Block", [input, ...names], output, { softmax_axis: 3 }, "pkg.test", `layer_${layer}`);
    const body = [
      ...[...attentionNodes(), node("MatMul", ["merged", "out.weight"], "out", {}, "", "o_proj")].map(
        (entry) =>
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
      initializers: [...attentionWeights(), weights("out.weight", C, C, 9)],
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

  /** `f` computes relu(a) · w. */
  const product = (nodes: ModelParts["nodes"]): NonNullable<ModelParts["functions"]>[number] => ({
    name: "F",
    domain: "local",
    input: ["a", "w"],
    output: ["b"],
    opsetImport: [
      { domain: "", version: 21n },
      { domain: "local", version: 1n },
    ],
    node: nodes,
  });
  const relu = product([node("Relu", ["a"], "mid"), node("MatMul", ["mid", "w"], "b", {}, "", "mm")]);
  const call = (op: string, input: string, weight: string, output: string, name: string): Node =>
    node(op, [input, weight], output, {}, "local", name);

  it.each([
    ["a value of the main graph", [node("Tanh", ["x"], "f/mid"), call("F", "f/mid", "w", "y", "f")], [relu]],
    [
      "a node of the main graph",
      [node("Tanh", ["x"], "h", {}, "", "f/mm"), call("F", "h", "w", "y", "f")],
      [relu],
    ],
    [
      "a call inside another",
      [call("G", "x", "w", "h", "a"), call("F", "h", "v", "y", "a/b")],
      [relu, { ...product([call("F", "a", "w", "b", "b")]), name: "G" }],
    ],
  ] satisfies [string, ModelParts["nodes"], ModelParts["functions"]][])(
    "are written out under names of their own where these clash with those of %s",
    async (_, nodes, functions) => {
      const bytes = model({
        nodes,
        functions,
        inputs,
        outputs,
        initializers: [weights("w", C, C, 1), weights("v", C, C, 2)],
      });
      const taps = listProjections(bytes).map(({ weight }) => ({ at: weight, path: weight }));
      const plain = await runModel(bytes, { x });
      for (const chosen of [taps, taps.slice(0, 1), taps.slice(-1)]) {
        const hooked = hookModel(bytes, { taps: chosen, groupSize: 8 });
        const run = await runModel(hooked.model, { x });
        expect(bitsOf(run["y"])).toEqual(bitsOf(plain["y"]));
        expect(hookModel(hooked.model, { taps: chosen, groupSize: 8 }).modified).toBe(false);
      }
    },
  );

  it("with an If inside are measured in both branches", async () => {
    const bytes = model({
      nodes: [
        node("Cast", ["flag"], "condition", { to: 9 }),
        node("Tanh", ["x"], "h"),
        node("F", ["h", "w", "condition"], "y", {}, "local", "f"),
      ],
      functions: [
        {
          ...product([
            node("If", ["c"], "b", { then_branch: graphOf("Relu"), else_branch: graphOf("Neg") }, "", "if"),
          ]),
          input: ["a", "w", "c"],
        },
      ],
      inputs: [...inputs, value("flag", [])],
      outputs: [...outputs, value("h", undefined)],
      initializers: [weights("w", C, C, 1)],
    });
    const hooked = hookModel(bytes, { taps: [{ at: "w" }], groupSize: 8 });
    for (const flag of [0, 1]) {
      const feeds = { x, flag: { data: Float32Array.of(flag), shape: [] } };
      const plain = await runModel(bytes, feeds);
      const run = await runModel(hooked.model, feeds);
      expect(bitsOf(run["y"])).toEqual(bitsOf(plain["y"]));
      const expected = meanSquareOf(run["h"] ?? x, 8);
      expect(relativeError(run["mean_square"]?.data as Float32Array, expected)).toBeLessThan(1e-5);
    }
  });

  it("that call each other in a circle are an error, not a hang", () => {
    const parts = withFunctions(true);
    const [block, inner] = parts.functions ?? [];
    const circle = { ...inner, node: block?.node ?? [] };
    const bytes = model({ ...parts, functions: [block ?? {}, circle] });
    expect(errorOf(() => hookModel(bytes)).code).toBe("malformed-model");
  });
});
