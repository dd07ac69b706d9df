import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ELEMENT,
  model,
  type ModelParts,
  node,
  randomValues,
  tensor,
  toFloat16,
  value,
} from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import {
  type FloatTensor,
  meanSquareOf,
  rangesTensor,
  relativeError,
  runModel,
  type Tensor,
} from "../../test/run-model.ts";
import { readModel } from "../graph/read-model.ts";
import type { HeadHooksErrorCode } from "../head-hooks-error.ts";
import { headMeanSquares } from "../units/head-mean-squares.ts";
import { poolSegments } from "../units/pool-segments.ts";
import { headRecords, unitRecords } from "../units/unit-layout.ts";
import { hookModel } from "./hook-model.ts";
import type { HookOptions } from "./hook-options.ts";

const CHANNELS = 32;
const WIDE = 48;

/**
 * Two blocks in the shape of the real consumer: bf16 weights [out, in] behind Cast, FusedMatMul with transB. Joint
 * block: image stream [B, S, 32] → 32. Single block: text and image joined, widened to 48 channels → 32.
 */
function twoBlocks(parts: Partial<ModelParts> = {}): Uint8Array {
  return model({
    nodes: [
      node("Cast", ["joint.0.to_out.weight"], "w0", { to: ELEMENT.float32 }),
      node("Cast", ["joint.0.to_add_out.weight"], "w1", { to: ELEMENT.float32 }),
      node("Cast", ["single.0.to_out.weight"], "w2", { to: ELEMENT.float32 }),
      node("Tanh", ["image"], "joint.0.image"),
      node("Tanh", ["text"], "joint.0.text"),
      node(
        "FusedMatMul",
        ["joint.0.image", "w0"],
        "joint.0.image_out",
        { transB: 1 },
        "com.microsoft",
        "joint.0.to_out",
      ),
      node(
        "FusedMatMul",
        ["joint.0.text", "w1"],
        "joint.0.text_out",
        { transB: 1 },
        "com.microsoft",
        "joint.0.to_add_out",
      ),
      node("Concat", ["joint.0.text_out", "joint.0.image_out"], "joined", { axis: 1 }),
      node("Concat", ["joined", "joined"], "doubled", { axis: 2 }),
      node("Slice", ["doubled", "slice.from", "slice.to", "slice.axes"], "single.0.wide"),
      node("FusedMatMul", ["single.0.wide", "w2"], "y", { transB: 1 }, "com.microsoft", "single.0.to_out"),
    ],
    inputs: [value("image", ["B", "S", CHANNELS]), value("text", ["B", "T", CHANNELS])],
    outputs: [value("y", undefined)],
    initializers: [
      tensor("joint.0.to_out.weight", [CHANNELS, CHANNELS], randomValues(CHANNELS ** 2, 1), "bfloat16"),
      tensor("joint.0.to_add_out.weight", [CHANNELS, CHANNELS], randomValues(CHANNELS ** 2, 2), "bfloat16"),
      tensor("single.0.to_out.weight", [CHANNELS, WIDE], randomValues(CHANNELS * WIDE, 3), "bfloat16"),
      tensor("slice.from", [1], [0], "int64"),
      tensor("slice.to", [1], [WIDE], "int64"),
      tensor("slice.axes", [1], [2], "int64"),
    ],
    ...parts,
  });
}

const tapped = [
  value("joint.0.image", undefined),
  value("joint.0.text", undefined),
  value("single.0.wide", undefined),
];

const OPTIONS: HookOptions = {
  groupSize: 4,
  taps: [
    {
      at: "joint.*.to_out",
      path: "joint.{1}.to_out",
      heads: { path: "joint.{1}", size: 16 },
      segmentsInput: "image_segments",
    },
    {
      at: "single.*.to_out",
      sections: [
        { path: "single.{1}.attn", channels: CHANNELS, heads: { path: "single.{1}", size: 16 } },
        { path: "single.{1}.mlp", channels: WIDE - CHANNELS },
      ],
    },
    { at: "joint.*.to_add_out", segmentsInput: "text_segments" },
  ],
};

function feeds(batch: number, image: number, text: number): Record<string, Tensor> {
  return {
    image: { data: randomValues(batch * image * CHANNELS, 11), shape: [batch, image, CHANNELS] },
    text: { data: randomValues(batch * text * CHANNELS, 12), shape: [batch, text, CHANNELS] },
  };
}

function output(outputs: Record<string, Tensor>, name: string): FloatTensor {
  const found = outputs[name];
  if (!(found?.data instanceof Float32Array)) throw new Error(`no float32 output ${name}`);
  return { data: found.data, shape: found.shape };
}

/** [B, parts' units] from each part's [B, units]. */
function concatUnits(parts: number[][], batch: number): number[] {
  return Array.from({ length: batch }, (_, b) =>
    parts.flatMap((part) => part.slice((b * part.length) / batch, ((b + 1) * part.length) / batch)),
  ).flat();
}

function codeOf(action: () => unknown): HeadHooksErrorCode {
  return errorOf(action).code;
}

describe("hookModel captures", () => {
  it.each([1, 3])(
    "the mean square of each group for a batch of %i, in the order of the taps",
    async (batch) => {
      const {
        model: hooked,
        modified,
        layout,
      } = hookModel(twoBlocks({ outputs: [value("y", undefined), ...tapped] }), OPTIONS);
      expect(modified).toBe(true);
      const outputs = await runModel(hooked, feeds(batch, 5, 3));
      const expected = concatUnits(
        ["joint.0.image", "single.0.wide", "joint.0.text"].map((name) =>
          meanSquareOf(output(outputs, name), 4),
        ),
        batch,
      );
      const captured = output(outputs, "mean_square");
      expect(captured.shape).toEqual([batch, 8 + 12 + 8]);
      expect(captured.shape.at(-1)).toBe(layout.unitCount);
      expect(relativeError(captured.data, expected)).toBeLessThan(1e-5);
    },
  );

  it("each segment of each stream, with ranges from different inputs and empty ranges as 0", async () => {
    const source = twoBlocks({ outputs: [value("y", undefined), ...tapped] });
    const { model: hooked, layout } = hookModel(source, { ...OPTIONS, segments: true });
    const [S, T, batch] = [6, 3, 2];
    const ranges = {
      image_segments: [
        [0, 0],
        [0, 2],
        [2, 6],
      ],
      text_segments: [
        [0, 3],
        [3, 3],
        [3, 3],
      ],
      segments: [
        [0, 3],
        [3, 5],
        [5, 9],
      ],
    } satisfies Record<string, [number, number][]>;
    const outputs = await runModel(hooked, {
      ...feeds(batch, S, T),
      ...Object.fromEntries(Object.entries(ranges).map(([name, rows]) => [name, rangesTensor(rows)])),
    });
    const captured = output(outputs, "mean_square");
    expect(captured.shape).toEqual([batch, 3, 28]);
    const perSegment = [0, 1, 2].map((k) =>
      concatUnits(
        [
          meanSquareOf(output(outputs, "joint.0.image"), 4, ranges.image_segments[k]),
          meanSquareOf(output(outputs, "single.0.wide"), 4, ranges.segments[k]),
          meanSquareOf(output(outputs, "joint.0.text"), 4, ranges.text_segments[k]),
        ],
        batch,
      ),
    );
    const expected = concatUnits(perSegment, batch);
    expect(relativeError(captured.data, expected)).toBeLessThan(1e-5);

    const whole = output(await runModel(hookModel(source, OPTIONS).model, feeds(batch, S, T)), "mean_square");
    const pooled = poolSegments(captured, layout, ranges);
    expect(pooled.shape).toEqual(whole.shape);
    expect(relativeError(pooled.data, whole.data)).toBeLessThan(1e-5);
  });

  it("only the tokens that exist when a range goes beyond the token axis", async () => {
    const source = twoBlocks({ outputs: [value("y", undefined), ...tapped] });
    const { model: hooked } = hookModel(source, {
      groupSize: 4,
      taps: [{ at: "joint.0.to_out" }],
      segments: { count: 3 },
    });
    const outputs = await runModel(hooked, {
      ...feeds(1, 5, 2),
      segments: rangesTensor([
        [3, 99],
        [-4, 2],
        [4, 1],
      ]),
    });
    const x = output(outputs, "joint.0.image");
    const expected = [
      ...meanSquareOf(x, 4, [3, 5]),
      ...meanSquareOf(x, 4, [0, 2]),
      ...meanSquareOf(x, 4, [0, 0]),
    ];
    expect(relativeError(output(outputs, "mean_square").data, expected)).toBeLessThan(1e-5);
    await expect(runModel(hooked, { ...feeds(1, 5, 2), segments: rangesTensor([[0, 5]]) })).rejects.toThrow(
      /segments/,
    );
  });

  it("no segments where taps that share their ranges see different numbers of tokens", async () => {
    const { model: hooked } = hookModel(twoBlocks(), {
      groupSize: 4,
      taps: [{ at: "joint.0.to_out" }, { at: "joint.0.to_add_out" }],
      segments: true,
    });
    for (const [image, text] of [
      [5, 3],
      [5, 1],
      [1, 5],
    ] as const) {
      const run = runModel(hooked, { ...feeds(1, image, text), segments: rangesTensor([[0, 1]]) });
      await expect(run).rejects.toThrow(/per_segment/);
    }
  });

  it("segments of taps of several widths that share their ranges, and none where their batches differ", async () => {
    const source = model({
      nodes: [
        node("Tanh", ["x"], "narrow"),
        node("Concat", ["narrow", "x"], "wide", { axis: 2 }),
        node("Reshape", ["wide", "shape"], "windows"),
        node("MatMul", ["narrow", "w"], "a", {}, "", "narrow.out"),
        node("MatMul", ["windows", "v"], "b", {}, "", "wide.out"),
      ],
      inputs: [value("x", ["B", "S", 4]), value("shape", [3], "int64")],
      outputs: ["a", "b", "narrow", "wide"].map((name) => value(name, undefined)),
      initializers: [tensor("w", [4, 1], randomValues(4, 1)), tensor("v", [8, 1], randomValues(8, 2))],
    });
    const { model: hooked } = hookModel(source, { groupSize: 2, taps: [{ at: "*.out" }], segments: true });
    const run = (...shape: number[]): ReturnType<typeof runModel> =>
      runModel(hooked, {
        x: { data: randomValues(24, 4), shape: [2, 3, 4] },
        shape: { data: BigInt64Array.from(shape, BigInt), shape: [3] },
        segments: rangesTensor([[1, 3]]),
      });
    const outputs = await run(2, 3, 8);
    const parts = ["narrow", "wide"].map((name) => meanSquareOf(output(outputs, name), 2, [1, 3]));
    expect(relativeError(output(outputs, "mean_square").data, concatUnits(parts, 2))).toBeLessThan(1e-5);
    await expect(run(3, 2, 8)).rejects.toThrow(/per_segment/); // as many values, in other batches
    await expect(run(6, 1, 8)).rejects.toThrow(/per_segment/);
  });

  it("segments free of what other tokens hold, infinities and NaN too", async () => {
    const identity = model({
      nodes: [node("Identity", ["x"], "h"), node("MatMul", ["h", "w"], "y", {}, "", "out")],
      inputs: [value("x", ["B", "S", 4])],
      outputs: [value("y", undefined)],
      initializers: [tensor("w", [4, 4], randomValues(16, 1))],
    });
    const { model: hooked } = hookModel(identity, { groupSize: 2, taps: [{ at: "out" }], segments: true });
    const data = Float32Array.of(1, 1, 2, 2, NaN, Infinity, 3e38, 1);
    const outputs = await runModel(hooked, {
      x: { data, shape: [1, 2, 4] },
      segments: rangesTensor([[0, 1]]),
    });
    expect([...output(outputs, "mean_square").data]).toEqual([1, 4]);
  });

  it("float16 tensors in float32", async () => {
    const half = model({
      nodes: [node("Identity", ["x"], "h"), node("MatMul", ["h", "w"], "y", {}, "", "out")],
      inputs: [value("x", ["B", "S", 8], "float16")],
      outputs: [value("y", undefined, "float16")],
      initializers: [tensor("w", [8, 8], randomValues(64, 1), "float16")],
    });
    const { model: hooked } = hookModel(half, { groupSize: 4, taps: [{ at: "out" }] });
    // 300² is beyond float16: only squares in float32 stay finite.
    const values = Float32Array.from({ length: 24 }, (_, index) => 300 + index);
    const bits = Uint16Array.from(new Uint32Array(values.buffer), toFloat16);
    const outputs = await runModel(hooked, { x: { data: bits, shape: [1, 3, 8] } });
    const kept = values.map((number) => Math.floor(number * 4) / 4); // float16 steps of 1/4 between 256 and 512
    const expected = meanSquareOf({ data: kept, shape: [1, 3, 8] }, 4);
    expect(relativeError(output(outputs, "mean_square").data, expected)).toBeLessThan(1e-5);
  });

  it("bfloat16 tensors through a Cast to float32", () => {
    const { model: hooked } = hookModel(
      model({
        nodes: [node("MatMul", ["x", "w"], "y", {}, "", "out")],
        inputs: [value("x", ["B", "S", 8], "bfloat16")],
        outputs: [value("y", undefined, "bfloat16")],
        initializers: [tensor("w", [8, 8], randomValues(64, 1), "bfloat16")],
      }),
      { groupSize: 4, taps: [{ at: "out" }] },
    );
    const cast = readModel(hooked).nodes.find(({ opType }) => opType === "Cast");
    expect(cast).toMatchObject({ input: ["x"], output: ["mean_square/0/float32"] });
    expect(Number(cast?.attribute[0]?.i)).toBe(ELEMENT.float32);
  });

  it("batch items of a two-dimensional Gemm input, given a value with the batch axis", async () => {
    const source = model({
      nodes: [
        node("Reshape", ["x", "rows"], "flat"),
        node("Gemm", ["flat", "w", "b"], "out", { transB: 1 }),
        node("Identity", ["out"], "y"),
      ],
      inputs: [value("x", ["B", "S", 8])],
      outputs: [value("y", undefined)],
      initializers: [
        tensor("rows", [2], [-1, 8], "int64"),
        tensor("w", [3, 8], randomValues(24, 1)),
        tensor("b", [3], [1, 2, 3]),
      ],
    });
    const x = { data: randomValues(2 * 5 * 8, 4), shape: [2, 5, 8] };
    const found = hookModel(source, { groupSize: 4, taps: [{ at: "out" }] });
    expect(
      relativeError(output(await runModel(found.model, { x }), "mean_square").data, meanSquareOf(x, 4)),
    ).toBeLessThan(1e-5);
    const whole = hookModel(source, { groupSize: 4, taps: [{ at: "out" }], batchInput: "x" });
    const captured = output(await runModel(whole.model, { x }), "mean_square");
    expect(captured.shape).toEqual([2, 2]);
    expect(relativeError(captured.data, meanSquareOf(x, 4))).toBeLessThan(1e-5);
    const parts = hookModel(source, { groupSize: 4, taps: [{ at: "out" }], batchInput: "x", segments: true });
    const perSegment = await runModel(parts.model, { x, segments: rangesTensor([[1, 4]]) });
    expect(relativeError(output(perSegment, "mean_square").data, meanSquareOf(x, 4, [1, 4]))).toBeLessThan(
      1e-5,
    );
  });

  it.each([9, 11, 13, 17, 18, 21, 23])("under operator set %i", async (opset) => {
    const source = model({
      nodes: [node("Tanh", ["x"], "h"), node("MatMul", ["h", "w"], "y", {}, "", "out")],
      inputs: [value("x", ["B", "S", 8])],
      outputs: [value("y", undefined), value("h", undefined)],
      initializers: [tensor("w", [8, 8], randomValues(64, 1))],
      opset,
      irVersion: opset < 21 ? 4 : 10,
    });
    const x = { data: randomValues(2 * 5 * 8, 4), shape: [2, 5, 8] };
    const whole = await runModel(hookModel(source, { groupSize: 2, taps: [{ at: "out" }] }).model, { x });
    const h = output(whole, "h");
    expect(relativeError(output(whole, "mean_square").data, meanSquareOf(h, 2))).toBeLessThan(1e-5);
    const segmented: HookOptions = { groupSize: 2, taps: [{ at: "out" }], segments: true };
    const parts = await runModel(hookModel(source, segmented).model, { x, segments: rangesTensor([[1, 3]]) });
    expect(relativeError(output(parts, "mean_square").data, meanSquareOf(h, 2, [1, 3]))).toBeLessThan(1e-5);
  });

  it("groups whose mean squares times sizes sum to the tensor's, and heads likewise", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          batch: fc.integer({ min: 1, max: 3 }),
          tokens: fc.integer({ min: 1, max: 9 }),
          groupSize: fc.constantFrom(1, 2, 3, 5, 16),
          groupsPerHead: fc.integer({ min: 1, max: 3 }),
          heads: fc.integer({ min: 1, max: 4 }),
          seed: fc.nat(),
        }),
        async ({ batch, tokens, groupSize, groupsPerHead, heads, seed }) => {
          const size = groupSize * groupsPerHead;
          const channels = size * heads;
          const source = model({
            nodes: [node("MatMul", ["x", "w"], "y", {}, "", "block.attn")],
            inputs: [value("x", ["B", "S", channels])],
            outputs: [value("y", undefined)],
            initializers: [tensor("w", [channels, 1], randomValues(channels, 1))],
          });
          const { model: hooked, layout } = hookModel(source, {
            groupSize,
            taps: [{ at: "block.attn", heads: { path: "block", size } }],
          });
          const x = { data: randomValues(batch * tokens * channels, seed), shape: [batch, tokens, channels] };
          const captured = output(await runModel(hooked, { x }), "mean_square");
          expect(relativeError(captured.data, meanSquareOf(x, groupSize))).toBeLessThan(1e-5);
          const whole = meanSquareOf(x, channels);
          const rows = Array.from({ length: batch }, (_, b) =>
            captured.data.slice(b * layout.unitCount, (b + 1) * layout.unitCount),
          );
          const sums = rows.map((row) => row.reduce((sum, ms) => sum + ms * groupSize, 0) / channels);
          expect(relativeError(sums, whole)).toBeLessThan(1e-5);
          const perHead = headMeanSquares(captured, layout);
          expect(perHead.shape).toEqual([batch, heads]);
          expect(relativeError(perHead.data, meanSquareOf(x, size))).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("hookModel leaves", () => {
  it.each(["disabled", "all"] as const)(
    "the other outputs bit-identical with optimizations %s",
    async (level) => {
      const source = twoBlocks();
      const inputs = feeds(2, 7, 4);
      const options = { graphOptimizationLevel: level };
      const plain = await runModel(source, inputs, options);
      const hooked = await runModel(hookModel(source, OPTIONS).model, inputs, options);
      expect(Object.keys(hooked)).toEqual(["y", "mean_square"]);
      expect(Buffer.from(output(hooked, "y").data.buffer)).toEqual(
        Buffer.from(output(plain, "y").data.buffer),
      );
    },
  );

  it("a model that was hooked with the same options as it is", () => {
    for (const options of [OPTIONS, { ...OPTIONS, segments: true }, { ...OPTIONS, segments: { count: 3 } }]) {
      const first = hookModel(twoBlocks(), options);
      const second = hookModel(first.model, options);
      expect(second.modified).toBe(false);
      expect(second.model).toBe(first.model);
      expect(second.layout).toEqual(first.layout);
    }
  });

  it("an earlier hook in place when another output is added", async () => {
    const first = hookModel(twoBlocks(), { ...OPTIONS, segments: true });
    const both = hookModel(first.model, { ...OPTIONS, segments: true, groupSize: 8, outputName: "coarse" });
    const ranges = { segments: [[0, 9]], image_segments: [[0, 6]], text_segments: [[0, 3]] } as const;
    const outputs = await runModel(both.model, {
      ...feeds(1, 6, 3),
      ...Object.fromEntries(Object.entries(ranges).map(([name, rows]) => [name, rangesTensor(rows)])),
    });
    const fine = output(outputs, "mean_square").data;
    const coarse = output(outputs, "coarse").data;
    const expected = Array.from(
      coarse,
      (_, unit) => ((fine[2 * unit] ?? NaN) + (fine[2 * unit + 1] ?? NaN)) / 2,
    );
    expect(relativeError(coarse, expected)).toBeLessThan(1e-5);
  });
});

describe("hookModel lays out", () => {
  it("an address, block, kind and channel range for every unit, and the heads", () => {
    const { layout } = hookModel(twoBlocks(), OPTIONS);
    const units = unitRecords(layout);
    expect(units).toHaveLength(28);
    expect(units[1]).toEqual({
      address: "joint.0.to_out[4:8]",
      block: "joint.0",
      kind: "to_out",
      channels: [4, 8],
    });
    expect(units[16]).toEqual({
      address: "single.0.mlp[0:4]",
      block: "single.0",
      kind: "mlp",
      channels: [0, 4],
    });
    expect(units[27]?.address).toBe("joint.0.to_add_out[28:32]");
    expect(headRecords(layout).map(({ address }) => address)).toEqual([
      "joint.0.head.0",
      "joint.0.head.1",
      "single.0.head.0",
      "single.0.head.1",
    ]);
    expect(JSON.parse(JSON.stringify(layout))).toEqual(layout);
  });

  it("16,320 groups and 600 heads for the shape of FLUX.2 Klein 4B, and 960 groups more with the text stream", () => {
    const block = (name: string, channels: number): [ReturnType<typeof node>, ReturnType<typeof tensor>] => [
      node("FusedMatMul", ["x", `${name}.weight`], `${name}.y`, { transB: 1 }, "com.microsoft", name),
      { name: `${name}.weight`, dims: [3072n, BigInt(channels)], dataType: ELEMENT.float32 },
    ];
    const joint = [0, 1, 2, 3, 4].map((index) => `transformer_blocks.${index}.attn`);
    const blocks = [
      ...joint.flatMap((name) => [block(`${name}.to_out.0`, 3072), block(`${name}.to_add_out`, 3072)]),
      ...Array.from({ length: 20 }, (_, index) =>
        block(`single_transformer_blocks.${index}.attn.to_out`, 12288),
      ),
    ];
    const source = model({
      nodes: blocks.map(([entry]) => entry),
      inputs: [value("x", undefined)],
      outputs: [value("single_transformer_blocks.19.attn.to_out.y", undefined)],
      initializers: blocks.map(([, weight]) => weight),
    });
    const taps: HookOptions["taps"] = [
      {
        at: "transformer_blocks.*.attn.to_out.0",
        path: "joint.{1}.to_out",
        heads: { path: "joint.{1}", size: 128 },
      },
      {
        at: "single_transformer_blocks.*.attn.to_out",
        sections: [
          { path: "single.{1}.attn", channels: 3072, heads: { path: "single.{1}", size: 128 } },
          { path: "single.{1}.mlp", channels: 9216 },
        ],
      },
    ];
    const { layout } = hookModel(source, { groupSize: 16, taps });
    expect(layout).toMatchObject({ unitCount: 16320, headCount: 600 });
    expect(unitRecords(layout).filter(({ kind }) => kind === "mlp")).toHaveLength(11520);
    expect(unitRecords(layout)[960 + 192]?.address).toBe("single.0.mlp[0:16]");
    const text = { at: "transformer_blocks.*.attn.to_add_out", path: "joint.{1}.to_add_out" };
    expect(hookModel(source, { groupSize: 16, taps: [...taps, text] }).layout.unitCount).toBe(17280);
  });
});

describe("hookModel refuses", () => {
  const attempt = (options: Partial<HookOptions>): HeadHooksErrorCode =>
    codeOf(() => hookModel(twoBlocks(), { ...OPTIONS, ...options }));

  it("an output name that something else has", () => {
    expect(attempt({ outputName: "y" })).toBe("output-name-taken");
    const hooked = hookModel(twoBlocks(), OPTIONS).model;
    expect(codeOf(() => hookModel(hooked, { ...OPTIONS, groupSize: 8 }))).toBe("output-name-taken");
    expect(codeOf(() => hookModel(hooked, { ...OPTIONS, taps: OPTIONS.taps?.slice(1) ?? [] }))).toBe(
      "output-name-taken",
    );
  });

  it("a value name that the capture needs", () => {
    expect(attempt({ outputName: "joined" })).toBe("name-taken");
    expect(attempt({ segments: { input: "image" } })).toBe("name-taken");
  });

  it("options that make no sense", () => {
    expect(attempt({ outputName: "" })).toBe("invalid-argument");
    expect(attempt({ segments: { count: 0 } })).toBe("invalid-argument");
    expect(attempt({ batchInput: "nowhere" })).toBe("invalid-argument");
  });

  it("rows without a batch axis, where nothing before them has one", () => {
    const rows = model({
      nodes: [node("Gemm", ["x", "w"], "y", {}, "", "out")],
      inputs: [value("x", ["N", 8])],
      outputs: [value("y", undefined)],
      initializers: [tensor("w", [8, 3], randomValues(24, 1))],
    });
    expect(codeOf(() => hookModel(rows, { groupSize: 4, taps: [{ at: "out" }] }))).toBe("unknown-batch");
  });

  it("a model with two outputs of the same name", () => {
    const twice = twoBlocks({ outputs: [value("y", undefined), value("y", undefined)] });
    expect(codeOf(() => hookModel(twice, OPTIONS))).toBe("malformed-model");
  });

  it("a model without the default operator set, or with one too old", () => {
    expect(codeOf(() => hookModel(twoBlocks({ opset: 8 }), OPTIONS))).toBe("unsupported-opset");
  });

  it("a tapped tensor with another number of axes when it runs, where the model does not state it", async () => {
    const source = model({
      nodes: [node("Reshape", ["x", "shape"], "flat"), node("MatMul", ["flat", "w"], "y", {}, "", "out")],
      inputs: [value("x", ["B", "S", 4]), value("shape", ["rank"], "int64")],
      outputs: [value("y", undefined)],
      initializers: [tensor("w", [4, 4], randomValues(16, 1))],
    });
    const { model: hooked } = hookModel(source, { groupSize: 1, taps: [{ at: "out" }] });
    const x = { data: randomValues(24, 1), shape: [2, 3, 4] };
    const shaped = (...dims: number[]): Promise<unknown> =>
      runModel(hooked, { x, shape: { data: BigInt64Array.from(dims, BigInt), shape: [dims.length] } });
    await expect(shaped(2, 3, 4)).resolves.toBeDefined();
    await expect(shaped(6, 4)).rejects.toThrow(/mean_square/);
    await expect(shaped(1, 2, 3, 4)).rejects.toThrow(/mean_square/);
  });
});
