import { describe, expect, it } from "vitest";
import { smallLayout as layout } from "../../test/small-layout.ts";
import { headMeanSquares } from "./head-mean-squares.ts";
import { readCapture, readChannelMeans } from "./read-capture.ts";

const data = Float32Array.of(9, 9, 1, 3, 5, 7);

describe("readCapture", () => {
  it.each([
    ["dims, as ONNX Runtime names them", { data, dims: [1, 6] }],
    ["a shape", { data, shape: [1, 6] }],
  ])("finds the layout's output among the outputs of a run, with %s", (_, mean_square) => {
    const captured = readCapture({ logits: { data: new BigInt64Array(2), dims: [2] }, mean_square }, layout);
    expect(captured).toEqual({ data, shape: [1, 6] });
    expect(headMeanSquares(captured, layout).data).toEqual(Float64Array.of(2, 6));
  });

  it.each([
    ["another model's outputs", { logits: { data, dims: [1, 6] } }, /received only logits/],
    ["no outputs", {}, /received only none/],
    ["another type", { mean_square: { data: new Uint16Array(6), dims: [1, 6] } }, /received another type/],
    ["other units", { mean_square: { data, dims: [2, 3] } }, /expected \[..., 6 units\]/],
  ])("refuses %s", (_, outputs, message) => {
    expect(() => readCapture(outputs, layout)).toThrow(message);
    expect(() => readCapture(outputs, layout)).toThrow(expect.objectContaining({ code: "shape-mismatch" }));
  });
});

describe("readChannelMeans", () => {
  const hooked = { ...layout, channelMeansOutput: "channel_mean" };
  const channels = layout.unitCount * layout.groupSize;
  const means = new Float32Array(channels);

  it("finds the channel means among the outputs of a run", () => {
    const outputs = { channel_mean: { data: means, dims: [1, channels] } };
    expect(readChannelMeans(outputs, hooked)).toEqual({ data: means, shape: [1, channels] });
  });

  it.each([
    ["a model without them", layout, {}, /hook the model with `channelMeans`/],
    ["another model's outputs", hooked, { logits: { data, dims: [1, 6] } }, /received only logits/],
    ["other channels", hooked, { channel_mean: { data, dims: [1, 6] } }, /expected \[B, \d+ channels\]/],
  ])("refuses %s", (_, own, outputs, message) => {
    expect(() => readChannelMeans(outputs, own)).toThrow(message);
    expect(() => readChannelMeans(outputs, own)).toThrow(expect.objectContaining({ code: "shape-mismatch" }));
  });
});
