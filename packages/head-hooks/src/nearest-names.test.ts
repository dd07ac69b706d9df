import { expect, it } from "vitest";
import { nearestNames } from "./nearest-names.ts";

it("nearestNames puts the likest names first, each once", () => {
  const names = [
    "blocks.0.ff.up",
    "blocks.0.attn.to_out",
    "blocks.1.attn.to_out",
    "blocks.0.attn.to_out",
    "conv",
  ];
  expect(nearestNames("blocks.0.attn.out", names, 2)).toEqual([
    "blocks.0.attn.to_out",
    "blocks.1.attn.to_out",
  ]);
});

it("nearestNames returns what there is for a text or names without letter pairs", () => {
  expect(nearestNames("", ["a", ""], 5)).toEqual(["a", ""]);
});
