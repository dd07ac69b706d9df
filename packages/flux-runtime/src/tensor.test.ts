import { describe, expect, it } from "vitest";
import { elementCount, requireTensor } from "./tensor.ts";

describe("elementCount(shape)", () => {
  it("is the product of the axes, 1 for a scalar, 0 with an empty axis", () => {
    expect(elementCount([2, 3, 4])).toBe(24);
    expect(elementCount([])).toBe(1);
    expect(elementCount([5, 0])).toBe(0);
  });
  it.each([[[-1]], [[1.5]], [[NaN]], [[2 ** 30, 2 ** 30]]])("refuses %j", (shape) => {
    expect(() => elementCount(shape)).toThrow(expect.objectContaining({ code: "invalid-argument" }) as Error);
  });
});

describe("requireTensor(name, tensor)", () => {
  it("passes data that fits its shape, a scalar and an empty axis too", () => {
    for (const [length, shape] of [
      [6, [2, 3]],
      [1, []],
      [0, [4, 0]],
    ] as const) {
      expect(() => {
        requireTensor("latents", { data: new Float32Array(length), shape });
      }).not.toThrow();
    }
  });
  it.each([5, 7])("refuses %i values for [2, 3], by name", (length) => {
    expect(() => {
      requireTensor("latents", { data: new Float32Array(length), shape: [2, 3] });
    }).toThrow(`The data of the latents must be 6 values for the shape [2, 3], but are ${length}.`);
  });
});
