import { expect, it } from "vitest";
import {
  addSizes,
  countOf,
  divideSizes,
  fixedSize,
  floorDivideSizes,
  formatSize,
  isName,
  isSameSize,
  multiplySizes,
  namedSize,
  type Size,
  subtractSizes,
} from "./sizes.ts";

const B = namedSize("B", true);
const S = namedSize("S", true);
const hidden = namedSize("hidden", false);
const three = fixedSize(3);
const text = (size: Size | undefined): string | undefined =>
  size === undefined ? undefined : formatSize(size);

it("products and quotients are the same in any order, and cancel out", () => {
  const [left, right] = [
    multiplySizes(multiplySizes(B, S), three),
    multiplySizes(three, multiplySizes(S, B)),
  ];
  expect(text(left)).toBe("3 * B * S");
  expect(left !== undefined && right !== undefined && isSameSize(left, right)).toBe(true);
  expect(text(divideSizes(left, multiplySizes(S, fixedSize(6))))).toBe("B / 2");
  expect(countOf(divideSizes(left, right))).toBe(1);
  expect(divideSizes(B, fixedSize(0))).toBeUndefined();
});

it("sums of like terms are one term; of others a length of its own name", () => {
  expect(text(addSizes(multiplySizes(three, B), B))).toBe("4 * B");
  expect(text(addSizes(B, S))).toBe(text(addSizes(S, B)));
  expect(countOf(subtractSizes(B, B))).toBe(0);
  expect(text(addSizes(fixedSize(0), S))).toBe("S");
});

it("a division of integers is exact where it comes out even, and a length of its own name elsewhere", () => {
  expect(countOf(floorDivideSizes(fixedSize(7), three))).toBe(2);
  expect(text(floorDivideSizes(multiplySizes(fixedSize(6), B), three))).toBe("2 * B");
  expect(text(floorDivideSizes(B, three))).toBe("(B / 3)");
});

it("a length counts as traced if all of its names are lengths of inputs", () => {
  expect(multiplySizes(B, S)?.isTraced).toBe(true);
  expect(multiplySizes(B, hidden)?.isTraced).toBe(false);
  expect(addSizes(B, hidden)?.isTraced).toBe(false);
});

it("a name alone is told from what is computed of it", () => {
  expect(isName(B)).toBe(true);
  for (const size of [three, multiplySizes(B, S), multiplySizes(B, three), addSizes(B, S)]) {
    expect(size !== undefined && isName(size)).toBe(false);
  }
});

it("a length that would be too long to write, or beyond safe integers, is not shown", () => {
  let sum: Size | undefined = B;
  for (let step = 0; step < 100 && sum !== undefined; step++)
    sum = addSizes(sum, namedSize(`S${step}`, true));
  expect(sum).toBeUndefined();
  expect(multiplySizes(fixedSize(2 ** 40), fixedSize(2 ** 40))).toBeUndefined();
});
