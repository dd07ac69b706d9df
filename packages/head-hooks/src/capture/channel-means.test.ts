import { describe, expect, it } from "vitest";
import { model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { bitsOf, rangesTensor, runModel, type Tensor } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import type { HookOptions } from "../hook/hook-options.ts";
import { readChannelMeans } from "../units/read-capture.ts";

const [B, S, C] = [2, 5, 12];
const x: Tensor = { data: randomValues(B * S * C, 5), shape: [B, S, C] };

/** x [B, S, C] reaches the projection as it is, or as rows. */
function projected(form: "batch first" | "rows", opset = 21): Uint8Array {
  const before = {
    "batch first": node("Identity", ["x"], "h"),
    rows: node("Reshape", ["x", "flat"], "h"),
  };
  return model({
    nodes: [before[form], node("MatMul", ["h", "w"], "y", {}, "", "out")],
    inputs: [value("x", ["B", "S", C])],
    outputs: [value("y", undefined)],
    initializers: [tensor("w", [C, 2], randomValues(2 * C, 1)), tensor("flat", [2], [-1, C], "int64")],
    opset,
    irVersion: opset < 10 ? 4 : 10,
  });
}

/** The mean of each channel over all tokens, in float64. */
const expected = Array.from({ length: B * C }, (_, place) => {
  const [item, channel] = [Math.floor(place / C), place % C];
  let sum = 0;
  for (let token = 0; token < S; token++) sum += Number(x.data[(item * S + token) * C + channel]);
  return sum / S;
});

const options: HookOptions = { taps: [{ at: "out" }], groupSize: 3 };
const segments = rangesTensor([
  [0, 2],
  [2, 4],
]);

describe("hookModel with channelMeans", () => {
  it.each<[string, Uint8Array, HookOptions]>([
    ["with the batch first", projected("batch first"), {}],
    ["under operator set 9", projected("batch first", 9), {}],
    ["from rows", projected("rows"), { batchInput: "x" }],
    ["for all tokens, also those outside the segments", projected("batch first"), { segments: true }],
    ["next to a value for each token", projected("batch first"), { perToken: true }],
    ["without the model's own outputs", projected("batch first"), { keepOutputs: false }],
    ["next to root mean squares", projected("batch first"), { reduction: "rms" }],
  ])(
    "adds the mean of every channel over the tokens, %s, and changes no bit of the rest",
    async (_, plain, more) => {
      const feeds = { x, ...(more.segments === true && { segments }) };
      const without = hookModel(plain, { ...options, ...more });
      const { model: hooked, layout } = hookModel(plain, { ...options, ...more, channelMeans: true });
      const [before, after] = [await runModel(without.model, feeds), await runModel(hooked, feeds)];
      const means = readChannelMeans(after, layout); // float32, as checked
      expect(means.shape).toEqual([B, C]);
      for (const [place, mean] of expected.entries()) expect(means.data[place]).toBeCloseTo(mean, 6);
      for (const [name, tensor] of Object.entries(before))
        expect(bitsOf(after[name])).toEqual(bitsOf(tensor));
      expect(Object.keys(after)).toHaveLength(Object.keys(before).length + 1);
    },
  );

  it("leaves a model that has them as it is, and refuses one that was hooked without", () => {
    for (const keepOutputs of [true, false]) {
      const asked = { ...options, keepOutputs, channelMeans: true };
      const { model: hooked, layout } = hookModel(projected("batch first"), asked);
      expect(hookModel(hooked, asked)).toEqual({ model: hooked, modified: false, layout });
      const bare = hookModel(projected("batch first"), { ...options, keepOutputs }).model;
      expect(() => hookModel(bare, asked)).toThrow(expect.objectContaining({ code: "output-name-taken" }));
    }
  });
});
