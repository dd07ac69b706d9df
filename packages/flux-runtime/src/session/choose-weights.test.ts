import { expect, it } from "vitest";
import { chooseWeights } from "./choose-weights.ts";

it("is mapped where nothing is asked for, and on WebGPU resident", () => {
  expect(chooseWeights({})).toBe("mapped");
  expect(chooseWeights({ device: "cuda" })).toBe("mapped");
  expect(chooseWeights({ device: "webgpu" })).toBe("resident");
});

it("is what is asked for where the device can hold them so", () => {
  expect(chooseWeights({ device: "cuda", weights: "resident" })).toBe("resident");
  expect(() => chooseWeights({ device: "webgpu", weights: "mapped" })).toThrow(
    /`weights: "mapped"`.*on the card/,
  );
});
