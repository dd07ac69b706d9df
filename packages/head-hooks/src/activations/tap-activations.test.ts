import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildForm, C, FLOAT_FORMS } from "../../test/attention-forms.ts";
import { model, randomValues, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { bitsOf, type FloatTensor, fromFloat16, runModel, type Tensor } from "../../test/run-model.ts";
import { HIDDEN, transformerModel, transformerParts, WIDTH } from "../../test/transformer-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import type { Reduction } from "../units/reductions.ts";
import type { ActivationTap } from "./activation-tap.ts";
import { type EditFeed, editFeeds } from "./edit-feeds.ts";
import { listActivations } from "./list-activations.ts";
import { tapActivations } from "./tap-activations.ts";

const style = { names: "scopes", type: "float32", opset: 17 } as const;
const [B, S] = [2, 5];
const x: FloatTensor = { data: randomValues(B * S * WIDTH, 1), shape: [B, S, WIDTH] };
const other: FloatTensor = { data: randomValues(B * S * WIDTH, 2), shape: [B, S, WIDTH] };
/** Fusions round differently around a tap: without them the values of a node are those of its operator. */
const plain = { graphOptimizationLevel: "disabled" as const };

const fed = (feeds: Record<string, EditFeed>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(feeds).map(([name, { data, dims }]) => [name, { data, shape: dims }]));

/** The values of a tensor. */
function floats(tensor: Tensor | undefined): number[] {
  if (tensor === undefined) throw new Error("the model has no such output");
  return Array.from(tensor.data, Number);
}

/** The values of a tensor, those of float16 as numbers. */
function numbers(tensor: Tensor | undefined): number[] {
  const values = floats(tensor);
  return tensor?.data instanceof Uint16Array ? values.map(fromFloat16) : values;
}

/** What reducing some axes of a tensor gives, in float64; the last axis is cut into groups first. */
function reduced(tensor: Tensor, by: Reduction, over: readonly number[], groupSize: number): number[] {
  const shape = [...tensor.shape.slice(0, -1), (tensor.shape.at(-1) ?? 0) / groupSize, groupSize];
  const gone = new Set([...over, ...(groupSize > 1 ? [shape.length - 1] : [])]);
  const cells = new Map<string, number[]>();
  for (const [flat, entry] of tensor.data.entries()) {
    let rest = flat;
    const places: number[] = [];
    for (const length of [...shape].reverse()) {
      places.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    const key = places.filter((_, axis) => !gone.has(axis)).join();
    cells.set(key, [...(cells.get(key) ?? []), Number(entry)]);
  }
  const mean = (values: number[]): number => values.reduce((sum, entry) => sum + entry, 0) / values.length;
  return [...cells.values()].map((values) => {
    if (by === "absMax") return Math.max(...values.map(Math.abs));
    if (by === "mean") return mean(values);
    const square = mean(values.map((entry) => entry ** 2));
    return by === "rms" ? Math.sqrt(square) : square;
  });
}

describe("raw captures of every activation are the values that the graph has there", () => {
  it.each(FLOAT_FORMS.map((form) => [form.title, form] as const))("%s", async (_, form) => {
    const activations = listActivations(buildForm(form)).filter(
      ({ elementType }) => elementType === "float32",
    );
    const values = activations.map((activation) => activation.value);
    const { model: tapped, layouts } = tapActivations(buildForm(form), {
      taps: activations.map((at) => ({ at, name: at.value })),
    });
    const input = { x: { data: randomValues(S * C, 5), shape: [1, S, C] } };
    const results = await runModel(tapped, input, plain);
    const exposed = values.filter((name) => !form.parts.outputs.some((output) => output.name === name));
    const expected = await runModel(buildForm(form, exposed), input, plain);
    for (const { output, activation, axes } of layouts) {
      const received = results[output ?? ""];
      expect(bitsOf(received).equals(bitsOf(expected[activation.value])), activation.value).toBe(true);
      if (axes !== null)
        expect(
          received?.shape.map((length, axis) => (typeof axes[axis] === "number" ? length : null)),
        ).toEqual(axes.map((axis) => (typeof axis === "number" ? axis : null)));
    }
  });
});

describe.each([9, 12, 17] as const)("operator set %i", (opset) => {
  it.each(["float32", "float16"] as const)("captures and edits %s", async (type) => {
    const bytes = transformerModel({ ...style, type, opset });
    const half = (tensor: Tensor): Tensor =>
      type === "float32"
        ? tensor
        : {
            ...tensor,
            data: Uint16Array.from(floats(tensor), (entry) => (entry > 0 ? 0x3800 : 0xb400)),
          };
    const { model: tapped, layouts } = tapActivations(bytes, {
      taps: [
        { at: "blocks.*", edit: true },
        { at: "blocks.*.attn/Softmax", name: "pattern.{1}", capture: "mean", over: [0, 1, -1] },
        { at: "blocks.*.mlp.act", capture: "rms", groupSize: 4 },
      ],
    });
    const run = (input: Tensor, feeds: Record<string, EditFeed>): Promise<Record<string, Tensor>> =>
      runModel(tapped, { x: half(input), ...fed(feeds) }, plain);
    const unchanged = await run(x, editFeeds(layouts));
    const original = await runModel(bytes, { x: half(x) }, plain);
    // On the CPU, ONNX Runtime computes chains of float16 nodes in float32, and rounds where a tap ends one.
    const isSame = (received: Record<string, Tensor>): void => {
      if (type === "float32") expect(bitsOf(received["y"]).equals(bitsOf(original["y"]))).toBe(true);
      const expected = numbers(original["y"]);
      for (const [index, entry] of numbers(received["y"]).entries())
        expect(Math.abs(entry - (expected[index] ?? NaN))).toBeLessThan(5e-3);
    };
    isSame(unchanged);
    // A softmax sums to 1 over the keys, of which the mean is over.
    for (const entry of floats(unchanged["activation/pattern.0"])) expect(entry).toBeCloseTo(1 / S, 3);
    const stream = unchanged["activation/blocks.0"];
    if (stream === undefined) throw new Error("no capture");
    const replaceBy = { data: floats(stream), shape: stream.shape };
    isSame(await run(other, editFeeds(layouts, { "blocks.0": { replaceBy } })));
    const elsewhere = await run(other, editFeeds(layouts));
    expect(numbers(elsewhere["y"])).not.toEqual(numbers(original["y"]));
  });
});

it("reductions over any axes and groups of channels equal those computed from the raw values", async () => {
  const bytes = transformerModel(style);
  const reductions = fc.record({
    capture: fc.constantFrom<Reduction>("meanSquare", "rms", "mean", "absMax"),
    over: fc.uniqueArray(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 2 }),
    groupSize: fc.constantFrom(1, 2, 4, HIDDEN),
  });
  await fc.assert(
    fc.asyncProperty(reductions, async ({ capture, over, groupSize }) => {
      const at = "blocks.*.mlp.act";
      const { model: tapped, layouts } = tapActivations(bytes, {
        taps: [
          { at, name: "raw.{1}" },
          { at, name: "reduced.{1}", capture, over, groupSize },
        ],
      });
      const results = await runModel(tapped, { x }, plain);
      for (const block of ["0", "1"]) {
        const raw = results[`activation/raw.${block}`];
        const received = results[`activation/reduced.${block}`];
        const expected = reduced(raw ?? x, capture, over, groupSize);
        for (const [index, entry] of floats(received).entries())
          expect(entry).toBeCloseTo(expected[index] ?? NaN, 5);
        expect(received?.data).toHaveLength(expected.length);
        const { axes } = layouts.find(({ name }) => name === `reduced.${block}`) ?? {};
        expect(axes).toHaveLength(received?.shape.length ?? NaN);
        expect(axes?.at(-1)).toBe(received?.shape.at(-1));
      }
    }),
    { numRuns: 25 },
  );
});

/** The model with an activation as an input in the place of what makes it. */
function cutAt(name: string): Uint8Array {
  const parts = transformerParts(style);
  const nodes = parts.nodes.filter(({ output }) => output?.[0] !== name);
  return model({ ...parts, nodes, inputs: [...parts.inputs, value(name, undefined)] });
}

it("any edits of any activations: what is not edited stays, and the rest follows as if the graph had those values", async () => {
  const bytes = transformerModel(style);
  const activations = listActivations(bytes).filter(({ value: name }) => name !== "y");
  const cases = fc.record({
    at: fc.constantFrom(...activations),
    isReplaced: fc.boolean(),
    isAdded: fc.boolean(),
    isOneVector: fc.boolean(),
    seed: fc.nat(99),
    ranges: fc.array(fc.option(fc.tuple(fc.nat(20), fc.nat(20))), { minLength: 4, maxLength: 4 }),
    hasRanges: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ at, isReplaced, isAdded, isOneVector, seed, ranges, hasRanges }) => {
      const { model: tapped, layouts } = tapActivations(bytes, { taps: [{ at, name: "it", edit: true }] });
      const whole = await runModel(tapped, { x, ...fed(editFeeds(layouts)) }, plain);
      const original = await runModel(bytes, { x }, plain);
      expect(bitsOf(whole["y"]).equals(bitsOf(original["y"]))).toBe(true);

      const capture = whole["activation/it"] ?? x;
      const { shape } = capture;
      const dims = isOneVector ? shape.slice(-1) : shape;
      const size = dims.reduce((product, length) => product * length, 1);
      const values = { data: randomValues(size, seed), dims };
      const where = shape.map((length, axis): [number, number] | null => {
        const range = ranges[axis] ?? null;
        if (!hasRanges || range === null) return null;
        const start = range[0] % length;
        return [start, start + 1 + (range[1] % (length - start))];
      });
      if (!isReplaced && !isAdded) return;
      const edit = {
        ...(isReplaced && { replaceBy: values }),
        ...(isAdded && { add: values }),
        ...(hasRanges && { where, shape }),
      };
      const edited = await runModel(tapped, { x, ...fed(editFeeds(layouts, { it: edit })) }, plain);

      const expected = Float32Array.from(floats(capture), (entry, flat) => {
        let rest = flat;
        const isInside = [...shape].reverse().every((length, back) => {
          const place = rest % length;
          rest = Math.floor(rest / length);
          const range = where[shape.length - 1 - back] ?? null;
          return range === null || (range[0] <= place && place < range[1]);
        });
        if (!isInside) return entry;
        const given = values.data[flat % size] ?? NaN;
        return (isReplaced ? given : entry) + (isAdded ? given : 0);
      });
      const follows = await runModel(cutAt(at.value), { x, [at.value]: { data: expected, shape } }, plain);
      expect(bitsOf(edited["y"]).equals(bitsOf(follows["y"]))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

it("with all optimizations on, outputs differ by no more than the fusions round", async () => {
  const bytes = transformerModel(style);
  const taps: ActivationTap[] = listActivations(bytes).map((at) => ({ at, edit: true }));
  const { model: tapped, layouts } = tapActivations(bytes, { taps });
  const [y, original] = [
    await runModel(tapped, { x, ...fed(editFeeds(layouts)) }),
    await runModel(bytes, { x }),
  ];
  for (const [index, entry] of floats(y["y"]).entries())
    expect(entry).toBeCloseTo(floats(original["y"])[index] ?? NaN, 5);
});

it("an activation that an output of the model is, and one that a hook reads, is the edited one", async () => {
  const parts = transformerParts(style);
  const bytes = hookModel(model({ ...parts, outputs: [value("val_15", undefined)] }), {
    keepOutputs: true,
  }).model;
  const { model: tapped, layouts } = tapActivations(bytes, {
    taps: [{ at: "val_15", edit: true, name: "it" }],
  });
  const capture = (await runModel(tapped, { x, ...fed(editFeeds(layouts)) }, plain))["activation/it"] ?? x;
  const zeros = { data: new Float32Array(capture.data.length), shape: capture.shape };
  const edited = await runModel(
    tapped,
    { x, ...fed(editFeeds(layouts, { it: { replaceBy: zeros } })) },
    plain,
  );
  expect(new Set(floats(edited["val_15"]))).toEqual(new Set([0]));
  expect(floats(edited["activation/it"])).toEqual(floats(capture)); // what is captured is before the edit
});

it("keepOutputs: false leaves out all that the captures do not need", async () => {
  const bytes = transformerModel(style);
  const { model: tapped, layouts } = tapActivations(bytes, {
    taps: [{ at: "blocks.0" }],
    keepOutputs: false,
  });
  const results = await runModel(tapped, { x }, plain);
  expect(Object.keys(results)).toEqual([layouts[0]?.output]);
  const whole = await runModel(tapActivations(bytes, { taps: [{ at: "blocks.0" }] }).model, { x }, plain);
  expect(bitsOf(results["activation/blocks.0"]).equals(bitsOf(whole["activation/blocks.0"]))).toBe(true);
  expect(listActivations(tapped).some(({ names }) => names.includes("blocks.1"))).toBe(false);
  expect(tapped.length).toBeLessThan(0.7 * bytes.length);
});

it("values that would make more of the activation fail the run", async () => {
  const { model: tapped, layouts } = tapActivations(transformerModel(style), {
    taps: [{ at: "blocks.0", edit: true }],
  });
  const { edit } = layouts[0] ?? {};
  const one: Tensor = { data: x.data.slice(0, S * WIDTH), shape: [1, S, WIDTH] };
  const feeds = { x: one, ...fed(editFeeds(layouts)), [edit?.addition ?? ""]: x };
  await expect(runModel(tapped, feeds, plain)).rejects.toThrow(/Reshape|reshape/);
});

describe("refuses, and says why", () => {
  const bytes = transformerModel(style);
  const [first] = listActivations(bytes);
  if (first === undefined) throw new Error("the model has no activation");
  it.each<[string, readonly ActivationTap[], string, RegExp]>([
    ["no taps", [], "invalid-argument", /`taps` is empty/],
    ["a pattern that matches nothing", [{ at: "block.*" }], "no-match", /nearest names are .*blocks\.0/],
    [
      "one name for two",
      [{ at: "blocks.*", name: "stream" }],
      "duplicate-address",
      /would both be called "stream"/,
    ],
    [
      "two edits of one",
      [
        { at: "blocks.0", edit: true },
        { at: "blocks.0", name: "again", edit: true },
      ],
      "tapped-twice",
      /edited as "blocks.0" and again as "again"/,
    ],
    [
      "an axis that there is not",
      [{ at: "blocks.0", capture: "mean", over: [3] }],
      "invalid-argument",
      /different axes of 3; received \[3\]/,
    ],
    [
      "a group that does not divide",
      [{ at: "blocks.0", capture: "mean", groupSize: 3 }],
      "group-size",
      /of 8 channels.*groups of 3/,
    ],
    [
      "axes for a raw capture",
      [{ at: "blocks.0", over: [1] }],
      "invalid-argument",
      /captures raw.*leave them out/,
    ],
    [
      "a reduction that there is not",
      [{ at: "blocks.0", capture: "median" as "mean" }],
      "invalid-argument",
      /must be raw, none, meanSquare/,
    ],
    [
      "an activation of another model",
      [{ at: { ...first, value: "elsewhere" } }],
      "no-match",
      /has no activation "elsewhere"/,
    ],
  ])("%s", (_, taps, code, message) => {
    const error = errorOf(() => tapActivations(bytes, { taps }));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });

  it("tapping again under the same name", () => {
    const { model: tapped } = tapActivations(bytes, { taps: [{ at: "blocks.0" }] });
    expect(errorOf(() => tapActivations(tapped, { taps: [{ at: "blocks.0" }] }))).toMatchObject({
      code: "name-taken",
    });
    expect(tapActivations(tapped, { taps: [{ at: "blocks.1" }] }).layouts).toHaveLength(1);
  });
});
