import { describe, expect, it } from "vitest";
import { attentionNodes, attentionWeights, C, H, weights } from "../../test/attention-forms.ts";
import { model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { bitsOf, relativeError, runModel } from "../../test/run-model.ts";
import { attentionTaps } from "../attention/attention-taps.ts";
import { findAttentionProjections } from "../attention/find-attention.ts";
import { hookModel } from "../hook/hook-model.ts";

const x = { data: randomValues(2 * 5 * C, 4), shape: [2, 5, C] };
const inputs = [value("x", ["B", "S", C])];
const outputs = [value("y", undefined)];

describe("liftBranches: subgraphs", () => {
  const body = (name: string, form: "same" | "other"): Parameters<typeof node>[3] => ({
    [name]: {
      graph: {
        name,
        node: [
          ...[...attentionNodes(), node("Mul", ["merged", "half"], "gated")],
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
      initializers: [...attentionWeights(), weights("out.weight", C, C, 9)],
    });
  const merged = decoder({ ...body("then_branch", "same"), ...body("else_branch", "other") });

  it("that are the two branches of an If are tapped as one, whichever runs", async () => {
    expect(findAttentionProjections(merged).map(({ scope, twin }) => [scope, twin?.scope])).toEqual([
      ["merged_decoder/then_branch", "merged_decoder/else_branch"],
    ]);
    const { model: hooked, layout } = hookModel(merged);
    const { model: bare } = hookModel(merged, { keepOutputs: false });
    expect(layout.headCount).toBe(H);
    const captured = async (flag: number): Promise<number[]> => {
      const feeds = { x, flag: { data: Float32Array.of(flag), shape: [] } };
      const run = await runModel(hooked, feeds);
      expect(bitsOf(run["y"])).toEqual(bitsOf((await runModel(merged, feeds))["y"]));
      expect(bitsOf((await runModel(bare, feeds))["mean_square"])).toEqual(bitsOf(run["mean_square"]));
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

  it("that a Loop repeats are passed over by default, and refused where they are named", async () => {
    const prefixed = (name: string): string => (name === "x" ? "state" : `loop.${name}`);
    const weightNames = attentionWeights().map(({ name }) => name);
    const inner = attentionNodes().map((entry) => ({
      ...entry,
      name: `loop.${entry.name ?? ""}`,
      input: entry.input?.map((name) => (weightNames.includes(name) ? name : prefixed(name))) ?? [],
      output: entry.output?.map(prefixed) ?? [],
    }));
    const bool = { value: { case: "tensorType" as const, value: { elemType: 9, shape: { dim: [] } } } };
    const graph = {
      name: "body",
      node: [
        ...[node("Identity", ["go"], "on"), ...inner],
        node("MatMul", ["loop.merged", "out.weight"], "next", {}, "", "loop_proj"),
      ],
      input: [value("step", [], "int64"), { name: "go", type: bool }, value("state", undefined)],
      output: [{ name: "on", type: bool }, value("next", undefined)],
    };
    const bytes = model({
      nodes: [
        ...[...attentionNodes(), node("MatMul", ["merged", "out.weight"], "first", {}, "", "o_proj")],
        node("Loop", ["trips", "", "first"], "y", { body: { graph } }),
      ],
      inputs,
      outputs,
      initializers: [
        ...[...attentionWeights(), weights("out.weight", C, C, 9), tensor("trips", [], [2], "int64")],
      ],
    });
    expect(findAttentionProjections(bytes)).toHaveLength(2);
    const hooked = hookModel(bytes);
    expect(hooked.layout.taps.map(({ node: name }) => name)).toEqual(["o_proj"]);
    expect((await runModel(hooked.model, { x }))["mean_square"]?.shape).toEqual([2, H]);
    const named = attentionTaps(bytes, { at: "loop_proj" });
    expect(errorOf(() => hookModel(bytes, { taps: named })).code).toBe("inside-subgraph");
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
