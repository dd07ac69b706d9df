import { describe, expect, it } from "vitest";
import { model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { meanSquareOf, rangesTensor, relativeError, runModel } from "../../test/run-model.ts";
import { hookModel } from "./hook-model.ts";
import type { HookOptions } from "./hook-options.ts";

const options: HookOptions = { groupSize: 4, taps: [{ at: "out" }] };

/** One projection; `segments`, if it is an input, adds a row of embeddings to each token. */
function oneProjection(segments?: (string | number)[], nodeName = "h"): Uint8Array {
  return model({
    nodes: [
      ...(segments === undefined
        ? [node("Identity", ["x"], "sum")]
        : [node("Gather", ["embeddings", "segments"], "types"), node("Add", ["types", "x"], "sum")]),
      node("Tanh", ["sum"], "h", {}, "", nodeName),
      node("MatMul", ["h", "w"], "y", {}, "", "out"),
    ],
    inputs: [value("x", ["B", "S", 8]), ...(segments ? [value("segments", segments, "int64")] : [])],
    outputs: [value("y", undefined), value("h", undefined)],
    initializers: [
      tensor("w", [8, 8], randomValues(64, 1)),
      tensor("embeddings", [2, 8], randomValues(16, 2)),
    ],
  });
}

describe("names", () => {
  it.each([
    ["token types [B, S]", ["B", "S"]],
    ["ranges [K, 2] that the model reads itself", ["K", 2]],
  ])("a model's own input `segments` is not taken for those of a capture: %s", (_, axes) => {
    expect(errorOf(() => hookModel(oneProjection(axes), { ...options, segments: true })).code).toBe(
      "name-taken",
    );
    expect(
      hookModel(oneProjection(axes), { ...options, segments: { input: "ranges" } }).layout.taps[0]
        ?.segmentsInput,
    ).toBe("ranges");
  });

  it("two captures share their ranges", async () => {
    const first = hookModel(oneProjection(), { ...options, segments: true });
    const second = hookModel(first.model, {
      ...options,
      segments: true,
      outputName: "largest",
      reduction: "absMax",
    });
    const x = { data: randomValues(5 * 8, 3), shape: [1, 5, 8] };
    const outputs = await runModel(second.model, { x, segments: rangesTensor([[1, 4]]) });
    const expected = meanSquareOf(outputs["h"] ?? x, 4, [1, 4]);
    expect(relativeError(outputs["mean_square"]?.data as Float32Array, expected)).toBeLessThan(1e-5);
    expect(outputs["largest"]?.shape).toEqual([1, 1, 2]);
  });

  it.each([
    { outputName: "segments", segments: true },
    { outputName: "scale", scale: true },
    { segments: true, scale: { input: "segments" } },
  ] satisfies HookOptions[])("what is added has names of its own: %o", (clash) => {
    const error = errorOf(() => hookModel(oneProjection(), { ...options, ...clash }));
    expect(error.code).toBe("name-taken");
    expect(error.message).toContain("outputName");
  });

  it("a node of the model keeps its name to itself", () => {
    const error = errorOf(() => hookModel(oneProjection(undefined, "mean_square/units"), options));
    expect(error.code).toBe("name-taken");
  });
});

describe("a model that was hooked with factors", () => {
  it.each([
    [true, { isOptional: true }],
    [{ isOptional: true }, true],
  ] satisfies [HookOptions["scale"], HookOptions["scale"]][])(
    "by %o is not taken for one hooked by %o",
    (first, second) => {
      const hooked = hookModel(oneProjection(), { ...options, scale: first }).model;
      expect(hookModel(hooked, { ...options, scale: first }).modified).toBe(false);
      const error = errorOf(() => hookModel(hooked, { ...options, scale: second }));
      expect(error.code).toBe("output-name-taken");
      expect(error.message).toContain("optional");
    },
  );
});
