import { describe, expect, it } from "vitest";
import { attentionNodes, attentionWeights, C, H, weights } from "../test/attention-forms.ts";
import { model, type ModelParts, node, randomValues, value } from "../test/build-model.ts";
import { errorOf } from "../test/error-of.ts";
import { bitsOf, runModel } from "../test/run-model.ts";
import { attentionTaps } from "./attention-taps.ts";
import { findAttentionProjections } from "./find-attention.ts";
import { hookModel } from "./hook-model.ts";
import { listProjections } from "./projections.ts";

const x = { data: randomValues(2 * 5 * C, 4), shape: [2, 5, C] };
const inputs = [value("x", ["B", "S", C])];
const outputs = [value("y", undefined)];

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

  it("that call each other in a circle are an error, not a hang", () => {
    const parts = withFunctions(true);
    const [block, inner] = parts.functions ?? [];
    const circle = { ...inner, node: block?.node ?? [] };
    const bytes = model({ ...parts, functions: [block ?? {}, circle] });
    expect(errorOf(() => hookModel(bytes)).code).toBe("malformed-model");
  });
});
