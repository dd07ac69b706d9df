import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attentionNodes,
  attentionWeights,
  buildForm,
  C,
  D,
  FLOAT_FORMS,
  H,
  half,
  shapes,
  weights,
} from "../../test/attention-forms.ts";
import { model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { bitsOf, runModel, type Tensor } from "../../test/run-model.ts";
import { readModel } from "../graph/read-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import { unitFactors } from "../units/unit-factors.ts";
import { unitOffsets } from "../units/unit-offsets.ts";

/** Softmax attention and a projection `out` with a bias. */
function attentionModel(irVersion = 10, opset = 21): Uint8Array {
  const initializers = [
    ...[...attentionWeights(), weights("out.weight", C, C, 9)],
    tensor("bias", [C], randomValues(C, 10)),
  ];
  return model({
    nodes: [
      ...attentionNodes(),
      node("MatMul", ["merged", "out.weight"], "product", {}, "", "out"),
      node("Add", ["product", "bias"], "y"),
    ],
    inputs: [
      value("x", ["B", "S", C]),
      ...(irVersion < 4
        ? initializers.map(({ name = "" }) =>
            value(name, undefined, name.endsWith("shape") ? "int64" : "float32"),
          )
        : []),
    ],
    outputs: [value("y", undefined)],
    initializers,
    irVersion,
    opset,
  });
}

const x = { data: randomValues(2 * 5 * C, 3), shape: [2, 5, C] };
const scaleOf = (...factors: number[]): Tensor => ({
  data: Float32Array.from(factors),
  shape: [factors.length],
});
const ones = Array<number>(H).fill(1);
const zeros = Array<number>(H).fill(0);

function floatsOf(tensor: Tensor | undefined): number[] {
  return Array.from(tensor?.data ?? [], Number);
}

describe("hookModel with scale", () => {
  it("takes a factor per unit or one for all, and captures what stands before them", async () => {
    const { model: hooked, layout } = hookModel(attentionModel(), { scale: true });
    expect(layout.scaleInput).toBe("scale");
    const byOne = await runModel(hooked, { x, scale: scaleOf(1) });
    const byOnes = await runModel(hooked, { x, scale: scaleOf(...ones) });
    const byZeros = await runModel(hooked, { x, scale: scaleOf(...zeros) });
    expect(bitsOf(byOnes["y"])).toEqual(bitsOf(byOne["y"]));
    expect(bitsOf(byZeros["mean_square"])).toEqual(bitsOf(byOnes["mean_square"]));
    await expect(runModel(hooked, { x, scale: scaleOf(1, 1) })).rejects.toThrow();
    await expect(runModel(hooked, { x })).rejects.toThrow(/scale/);
  });

  it("is zeroed by head and by unit through unitFactors", () => {
    const { layout } = hookModel(attentionModel(), { scale: true, groupSize: D / 2 });
    expect([...unitFactors(layout)]).toEqual(Array<number>(2 * H).fill(1));
    const half = { "out.head.1": 0, "out[4:8]": 0.5 };
    expect([...unitFactors(layout, half)]).toEqual([1, 0.5, 0, 0, 1, 1, 1, 1]);
    expect(() => unitFactors(layout, { "out.head.9": 0 })).toThrow(
      expect.objectContaining({ code: "invalid-address" }),
    );
  });

  it.each(FLOAT_FORMS)("makes a zero input of all units at 0: $title", async (form) => {
    const bytes = buildForm(form);
    const feeds = { x: { data: randomValues(5 * C, 3), shape: [1, 5, C] } };
    const { model: hooked, layout } = hookModel(bytes, { scale: true });
    const ablated = await runModel(hooked, {
      ...feeds,
      scale: scaleOf(...Array<number>(layout.unitCount).fill(0)),
    });
    // A weight of zeros stands for a zero input: what is left is the bias, the same at every token.
    const rows = floatsOf(ablated["y"]);
    expect(rows.every(Number.isFinite)).toBe(true);
    if (form.title.includes("SkipLayerNormalization")) return;
    for (let at = C; at < rows.length; at++) expect(rows[at]).toBe(rows[at % C]);
  });

  it("ablates all heads to the bias exactly, and heads add up to the whole", async () => {
    const { model: hooked } = hookModel(attentionModel(), { scale: true });
    const run = async (factors: number[]): Promise<number[]> =>
      floatsOf((await runModel(hooked, { x, scale: scaleOf(...factors) }))["y"]);
    const bias = [...randomValues(C, 10)];
    const none = await run(zeros);
    expect(none).toEqual(Array.from({ length: 2 * 5 * C }, (_, at) => bias[at % C]));
    const whole = await run(ones);
    const single = await Promise.all(
      ones.map((_, head) => run(ones.map((__, other) => (other === head ? 1 : 0)))),
    );
    for (const [at, sum] of whole.entries()) {
      const rest = bias[at % C] ?? NaN;
      const parts = single.reduce((total, own) => total + (own[at] ?? NaN) - rest, rest);
      expect(parts).toBeCloseTo(sum, 4);
    }
  });

  it("keeps every value at a factor of 1: both zeros, infinities, subnormal numbers, and NaN", async () => {
    const identity = model({
      nodes: [node("Identity", ["x"], "h"), node("MatMul", ["h", "one"], "y", {}, "", "out")],
      inputs: [value("x", ["B", "S", 1])],
      outputs: [value("y", undefined)],
      initializers: [tensor("one", [1, 1], [1])],
    });
    const { model: hooked } = hookModel(identity, { taps: [{ at: "out" }], groupSize: 1, scale: true });
    const values = Float32Array.of(-0, 0, Infinity, -Infinity, 1e-45, -1e-40, 3.4e38, NaN);
    const feeds = { x: { data: values, shape: [1, values.length, 1] } };
    const factor = { ...feeds, scale: scaleOf(1) };
    expect(bitsOf((await runModel(hooked, factor))["y"])).toEqual(
      bitsOf((await runModel(identity, feeds))["y"]),
    );
  });

  it("may be left out if it is optional: the IR version is raised only then, and constants stay constant", async () => {
    const old = attentionModel(3, 9);
    expect(readModel(hookModel(old).model).irVersion).toBe(3);
    expect(readModel(hookModel(old, { scale: true }).model).irVersion).toBe(3);
    const { model: hooked } = hookModel(old, { scale: { input: "factors", isOptional: true } });
    const view = readModel(hooked);
    expect(view.irVersion).toBe(4);
    expect(view.opsets).toEqual(readModel(old).opsets);
    expect(view.inputs.map(({ name }) => name)).toEqual(["x", "factors"]);
    expect(bitsOf((await runModel(hooked, { x }))["y"])).toEqual(bitsOf((await runModel(old, { x }))["y"]));
  });

  it("refuses a second scaling, and an input's name that is taken", () => {
    const { model: hooked } = hookModel(attentionModel(), { scale: true });
    expect(errorOf(() => hookModel(hooked, { scale: { input: "more" }, outputName: "again" })).code).toBe(
      "cannot-scale",
    );
    expect(errorOf(() => hookModel(attentionModel(), { scale: { input: "x" } })).code).toBe("name-taken");
    expect(errorOf(() => hookModel(attentionModel(), { scale: { input: "" } })).code).toBe(
      "invalid-argument",
    );
    expect(hookModel(hooked, { outputName: "unscaled" }).modified).toBe(true);
  });
});

describe("hookModel with scale and an offset", () => {
  const scale = { offset: "offset" };

  it.each(FLOAT_FORMS)("keeps every bit at factors of 1 and offsets of −0: $title", async (form) => {
    const bytes = buildForm(form);
    const feeds = { x: { data: randomValues(5 * C, 3), shape: [1, 5, C] } };
    const { model: hooked, layout } = hookModel(bytes, { scale, keepOutputs: ["y"] });
    expect(layout.offsetInput).toBe("offset");
    const offsets = unitOffsets(unitFactors(layout), new Float32Array(layout.unitCount * layout.groupSize));
    const neutral = { scale: scaleOf(1), offset: scaleOf(...offsets) };
    expect(bitsOf((await runModel(hooked, { ...feeds, ...neutral }))["y"])).toEqual(
      bitsOf((await runModel(bytes, feeds))["y"]),
    );
  });

  it("puts given values in the place of a head, channel by channel", async () => {
    const { model: hooked, layout } = hookModel(attentionModel(), { scale, groupSize: D / 2 });
    const values = randomValues(C, 5);
    const factors = unitFactors(layout, { "out.head.1": 0, "out.head.2": 0.5 });
    const run = async (factor: Float32Array, offset: Float32Array): Promise<number[]> =>
      floatsOf((await runModel(hooked, { x, scale: scaleOf(...factor), offset: scaleOf(...offset) }))["y"]);
    const replaced = await run(factors, unitOffsets(factors, values));
    // The projection by hand: what the factors leave, and the rows of the weight that the offsets reach.
    const left = await run(factors, new Float32Array(C));
    const weight = randomValues(C * C, 9).map((value) => value / 2);
    for (const [at, value] of replaced.entries()) {
      const added = Array.from({ length: 2 * D }, (_, place) => {
        const channel = D + place;
        const share = channel < 2 * D ? 1 : 0.5;
        return share * (values[channel] ?? NaN) * (weight[channel * C + (at % C)] ?? NaN);
      }).reduce((sum, part) => sum + part, 0);
      expect(value).toBeCloseTo((left[at] ?? NaN) + added, 4);
    }
  });

  it("is left out with the factors, and hooking again finds the tensor before both", async () => {
    const { model: hooked } = hookModel(attentionModel(), { scale: { ...scale, isOptional: true } });
    expect(readModel(hooked).inputs.map(({ name }) => name)).toEqual(["x", "scale", "offset"]);
    expect(bitsOf((await runModel(hooked, { x }))["y"])).toEqual(
      bitsOf((await runModel(attentionModel(), { x }))["y"]),
    );
    const again = hookModel(hooked, { outputName: "again" }).model;
    const outputs = await runModel(again, { x });
    expect(bitsOf(outputs["again"])).toEqual(bitsOf(outputs["mean_square"]));
    expect(errorOf(() => hookModel(attentionModel(), { scale: { offset: "scale" } })).code).toBe(
      "name-taken",
    );
    expect(errorOf(() => hookModel(attentionModel(), { scale: { offset: "" } })).code).toBe(
      "invalid-argument",
    );
  });
});

describe("heads", () => {
  it("permuted in the weights permute the units", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: H, maxLength: H }),
        fc.nat(),
        async (order, seed) => {
          const build = (heads: number[]): Uint8Array =>
            model({
              nodes: [...attentionNodes(), node("MatMul", ["merged", "out.weight"], "y", {}, "", "out")],
              inputs: [value("x", ["B", "S", C])],
              outputs: [value("y", undefined)],
              initializers: [
                ...["q", "k", "v"].map((name, index) =>
                  tensor(`${name}.weight`, [C, C], permuteColumns(randomValues(C * C, seed + index), heads)),
                ),
                ...[half(), ...shapes, weights("out.weight", C, C, 9)],
              ],
            });
          const capture = async (heads: number[]): Promise<number[]> => {
            const { model: hooked } = hookModel(build(heads), { groupSize: D / 2 });
            return floatsOf(
              (await runModel(hooked, { x: { data: x.data.slice(0, 5 * C), shape: [1, 5, C] } }))[
                "mean_square"
              ],
            );
          };
          const straight = await capture([0, 1, 2, 3]);
          const permuted = await capture(order);
          const expected = order.flatMap((head) => straight.slice(2 * head, 2 * head + 2));
          for (const [unit, number] of permuted.entries())
            expect(number).toBeCloseTo(expected[unit] ?? NaN, 5);
        },
      ),
      { numRuns: 10 },
    );
  });
});

/** A matrix [C, C] with its columns' heads in another order. */
function permuteColumns(matrix: Float32Array, heads: readonly number[]): Float32Array {
  return matrix.map((_, at) => {
    const [row, column] = [Math.floor(at / C), at % C];
    return matrix[row * C + (heads[Math.floor(column / D)] ?? 0) * D + (column % D)] ?? NaN;
  });
}
