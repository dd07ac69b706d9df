import { expect, it } from "vitest";
import { planControls } from "./run-controls.ts";

it("random-weights:N is N seeds, from 1 on, each a control of its own", () => {
  expect(planControls(["random-weights:2"])).toEqual([
    { kind: "random-weights", name: "random-weights-1", seed: 1 },
    { kind: "random-weights", name: "random-weights-2", seed: 2 },
  ]);
  expect(planControls(["random-weights"])).toHaveLength(1);
});

it("anything else is a prompt set, called after its file", () => {
  expect(planControls(["paraphrase", "sets/colour.json"])).toEqual([
    { kind: "prompts", name: "paraphrase", source: "paraphrase" },
    { kind: "prompts", name: "colour", source: "sets/colour.json" },
  ]);
});

it.each(["random-weights:0", "random-weights:x", "random-weights:1.5"])("refuses %s", (text) => {
  expect(() => planControls([text])).toThrow(/expected random-weights:N/);
});

it("refuses the same control twice", () => {
  expect(() => planControls(["a/x.json", "b/x.json"])).toThrow(/control x is asked for twice/);
});
