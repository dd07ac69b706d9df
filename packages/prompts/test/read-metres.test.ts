import { expect, test } from "vitest";
import { readMetres } from "./read-metres.ts";

test.each([
  ["A 50-micrometer-wide object", 5e-5],
  ["A grey object, 0.0001 meters across", 1e-4],
  ["5,000 kilometers", 5e6],
  ["0.003 inches", 7.62e-5],
  ["twenty thousand meters", 2e4],
  ["more than one mile", 1609.344],
  ["a kilometer-scale object", 1e3],
])("readMetres(%j) is %d", (descriptor, metres) => {
  expect((readMetres(descriptor) ?? 0) / metres).toBeCloseTo(1, 9);
});

test.each(["a few nanometers", "a few hundred miles", "a human hair", "planetary size", ""])(
  "readMetres(%j) is undefined",
  (descriptor) => {
    expect(readMetres(descriptor)).toBeUndefined();
  },
);
