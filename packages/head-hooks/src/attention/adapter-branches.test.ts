import { describe, expect, it } from "vitest";
import { attentionNodes, attentionWeights, C, H, weights } from "../../test/attention-forms.ts";
import { model, node, randomValues, tensor, value, type ModelParts } from "../../test/build-model.ts";
import { bitsOf, runModel, type Tensor } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import { findAttentionProjections } from "./find-attention.ts";

const RANK = 3;

type Nodes = ModelParts["nodes"];

/** Softmax attention, its projection `out`, and two adapters as PEFT exports them: the second behind a cast. */
const adapted: Nodes = [
  ...attentionNodes(),
  node("MatMul", ["merged", "out.weight"], "product", {}, "", "out"),
  node("MatMul", ["merged", "A"], "inner", {}, "", "out.lora_A.first"),
  node("Mul", ["inner", "factor"], "weighed"),
  node("MatMul", ["weighed", "B"], "outer", {}, "", "out.lora_B.first"),
  node("Add", ["product", "outer"], "sum"),
  node("Cast", ["merged"], "typed", { to: 1 }),
  node("MatMul", ["typed", "A2"], "inner2", {}, "", "out.lora_A.second"),
  node("MatMul", ["inner2", "B2"], "outer2", {}, "", "out.lora_B.second"),
  node("Add", ["sum", "outer2"], "y"),
];

function build(nodes: Nodes): Uint8Array {
  return model({
    nodes,
    inputs: [value("x", ["B", "S", C])],
    outputs: [value("y", undefined)],
    initializers: [
      ...attentionWeights(),
      weights("out.weight", C, C, 9),
      weights("other.weight", C, C, 14),
      weights("A", C, RANK, 10),
      weights("B", RANK, C, 11),
      weights("A2", C, RANK, 12),
      weights("B2", RANK, C, 13),
      tensor("factor", [1], Float32Array.of(0.7)),
    ],
    irVersion: 10,
    opset: 21,
  });
}

const heads = [0, 1, 2, 3] as const;
const numbersOf = (tensor: Tensor | undefined): number[] => Array.from(tensor?.data ?? [], Number);
const x: Tensor = { data: randomValues(5 * C, 3), shape: [1, 5, C] };

describe("adapters of a projection", () => {
  it("are not projections of attention of their own", () => {
    expect(findAttentionProjections(build(adapted)).map((found) => found.node)).toEqual(["out"]);
  });

  it("read the scaled input: a head at 0 adds nothing through them either", async () => {
    const scale = { input: "scale" };
    const { model: hooked } = hookModel(build(adapted), { groupSize: C / H, scale });
    const factors = (values: readonly number[]): Tensor => ({ data: Float32Array.from(values), shape: [H] });
    const run = async (values: readonly number[]) =>
      (await runModel(hooked, { x, scale: factors(values) }))["y"];
    const original = (await runModel(build(adapted), { x }))["y"];
    expect(bitsOf(await run([1, 1, 1, 1]))).toEqual(bitsOf(original));
    const none = await run([0, 0, 0, 0]);
    expect(numbersOf(none).every((number) => number === 0)).toBe(true);
    const parts: (readonly number[])[] = [];
    for (const head of heads) {
      parts.push(numbersOf(await run(heads.map((other) => (other === head ? 1 : 0)))));
    }
    const total = numbersOf(original).map((_, place) =>
      parts.reduce((sum, part) => sum + (part[place] ?? NaN), 0),
    );
    const differences = numbersOf(original).map((number, place) => Math.abs(number - (total[place] ?? NaN)));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });

  it("have two products: one alone is a projection of its own", () => {
    const bytes = build([
      ...attentionNodes(),
      node("MatMul", ["merged", "out.weight"], "product", {}, "", "out"),
      node("MatMul", ["merged", "other.weight"], "other", {}, "", "other"),
      node("Add", ["product", "other"], "y"),
    ]);
    expect(findAttentionProjections(bytes).map((found) => found.node)).toEqual(["out", "other"]);
  });

  it("are added to the projection's product: what goes elsewhere is not an adapter", () => {
    const bytes = build([
      ...adapted.slice(0, -5),
      node("Add", ["outer", "x"], "elsewhere"),
      node("Mul", ["product", "elsewhere"], "y"),
    ]);
    const found = findAttentionProjections(bytes).map(({ node: name }) => name);
    expect(found).toEqual(["out", "out.lora_A.first"]);
  });
});
