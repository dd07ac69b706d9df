import { describe, expect, it } from "vitest";
import { model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { rangesTensor, runModel } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import type { HookOptions } from "../hook/hook-options.ts";

const B = 2;
const bytes = (opset: number): Uint8Array =>
  model({
    nodes: [node("Tanh", ["x"], "h"), node("MatMul", ["h", "w"], "y", {}, "", "out")],
    inputs: [value("x", ["B", "S", 8]), value("mask", ["B", "T"], "int64")],
    outputs: [value("y", undefined)],
    initializers: [tensor("w", [8, 8], randomValues(64, 1))],
    opset,
  });

/** What is captured of so many tokens, all of them kept, in these ranges. */
async function capture(
  options: HookOptions,
  tokens: number,
  ranges: [number, number][],
  opset: number,
): Promise<{ shape: readonly number[]; values: number[] }> {
  const hooked = hookModel(bytes(opset), {
    groupSize: 4,
    taps: [{ at: "out" }],
    outputName: "captured",
    ...options,
  });
  const outputs = await runModel(hooked.model, {
    x: { data: randomValues(B * tokens * 8, 2), shape: [B, tokens, 8] },
    mask: { data: new BigInt64Array(B * tokens).fill(1n), shape: [B, tokens] },
    ...(options.segments === true && { segments: rangesTensor(ranges) }),
    ...(typeof options.segments === "object" && {
      segments: { data: Float32Array.from(ranges.flat()), shape: [ranges.length, 2] },
    }),
  });
  const { data, shape } = outputs["captured"] ?? { data: [], shape: [] };
  return { shape, values: Array.from(data, Number) };
}

describe.each([11, 21])("captures in operator set %s", (opset) => {
  it.each(["meanSquare", "rms", "mean", "absMax"] as const)("hold 0 of no tokens (%s)", async (reduction) => {
    for (const segments of [false, true]) {
      for (const mask of [{}, { maskInput: "mask" }]) {
        const { shape, values } = await capture({ reduction, segments, ...mask }, 0, [[0, 3]], opset);
        expect(shape).toEqual(segments ? [B, 1, 2] : [B, 2]);
        expect(values).toEqual(Array<number>(2 * B).fill(0));
      }
    }
  });

  it("hold nothing of no ranges", async () => {
    for (const mask of [{}, { maskInput: "mask" }]) {
      for (const tokens of [0, 3]) {
        expect(await capture({ segments: true, ...mask }, tokens, [], opset)).toEqual({
          shape: [B, 0, 2],
          values: [],
        });
      }
    }
  });
});

describe("ranges in float32", () => {
  it.each([11, 21])(
    "choose the tokens that those in int64 choose, with and without a mask, in operator set %s",
    async (opset) => {
      const ranges: [number, number][] = [
        [0, 2],
        [1, 5],
        [3, 3],
        [4, 99],
      ];
      for (const mask of [{}, { maskInput: "mask" }]) {
        const expected = await capture({ segments: true, ...mask }, 5, ranges, opset);
        const options = { segments: { rangeType: "float32" }, ...mask } as const;
        expect(await capture(options, 5, ranges, opset)).toEqual(expected);
      }
    },
  );

  it("need a type that there is", () => {
    const segments = { rangeType: "int32" } as unknown as HookOptions["segments"] & object;
    expect(() => hookModel(bytes(21), { segments })).toThrow(
      /`rangeType` of `segments` must be int64 or float32/,
    );
  });
});
