import { expect, it } from "vitest";
import { concatenate } from "./concatenate.ts";

const a = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
const b = { data: Float32Array.of(5, 6), shape: [2, 1] };

it("joins along the last axis row by row", () => {
  expect(concatenate([a, b], 1)).toEqual({ data: Float32Array.of(1, 2, 5, 3, 4, 6), shape: [2, 3] });
});

it("joins along the first axis one after the other", () => {
  const c = { data: Float32Array.of(7, 8), shape: [1, 2] };
  expect(concatenate([a, c], 0)).toEqual({ data: Float32Array.of(1, 2, 3, 4, 7, 8), shape: [3, 2] });
});

it("refuses tensors whose other axes differ, and none at all", () => {
  expect(() => concatenate([a, b], 0)).toThrow(/axis 0.*\[2, 2\], \[2, 1\]/);
  expect(() => concatenate([], 0)).toThrow(/there are none/);
});

it.each([1, 3])("refuses %i values for a shape of 2", (length) => {
  const c = { data: new Float32Array(length), shape: [1, 2] };
  expect(() => concatenate([a, c], 0)).toThrow(`2 values for the shape [1, 2], but are ${length}`);
});
