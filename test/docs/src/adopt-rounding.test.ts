import { expect, it } from "vitest";
import { adoptRounding } from "./adopt-rounding.ts";

it.each([
  ["one in the last digit", "max |t| 8.80 0.59", "max |t| 8.81 0.59", "max |t| 8.81 0.59"],
  ["two in the last digit, left as it is", "8.80", "8.82", "8.80"],
  ["another number of digits, left as it is", "8.8", "8.81", "8.8"],
  ["a whole number, left as it is", "17 of 680", "18 of 680", "17 of 680"],
  ["other words, left as they are", "t = 8.80", "p = 8.81", "t = 8.80"],
  ["a number more, left as it is", "8.80 8.80", "8.81", "8.80 8.80"],
  ["an exponent, left as it is", "1.4e-7", "1.5e-8", "1.4e-7"],
])("%s", (_, received, shown, adopted) => {
  expect(adoptRounding(received, shown)).toBe(adopted);
});
