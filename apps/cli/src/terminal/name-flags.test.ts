import { expect, it } from "vitest";
import { nameFlags } from "./name-flags.ts";

it.each([
  ["The option `width` must be a multiple of 16.", "--width must be a multiple of 16."],
  ["Set the option `maxSequenceLength` to 512.", "Set --max-sequence-length to 512."],
  ['Use the option `device: "cpu"`.', "Use --device cpu."],
  ["Use option `maxSequenceLength: 512`.", "Use --max-sequence-length 512."],
  ["Try again without option `offline`.", "Try again without --offline."],
])("nameFlags writes %s as %s", (message, expected) => {
  expect(nameFlags(message)).toBe(expected);
});

it("nameFlags leaves other words and other code as they are", () => {
  const message = "The options of `width` are an option, and `height` too.";
  expect(nameFlags(message)).toBe(message);
});
