import { expect, test } from "vitest";
import { PromptsError, type PromptsProblem } from "./prompts-error.ts";

const problem: PromptsProblem = {
  code: "empty-side",
  path: "pairs[0].a",
  line: 3,
  column: 7,
  what: "a side is empty",
  expected: "a prompt",
  received: "nothing",
  advice: "Write it.",
};

test("one problem makes one line that begins with the place", () => {
  const error = new PromptsError([problem], { source: "mine.json" });
  expect(error.message).toBe(
    "mine.json:3:7: pairs[0].a: a side is empty. Expected a prompt, received nothing. Write it.",
  );
  expect(error).toMatchObject({ name: "PromptsError", code: "empty-side", source: "mine.json" });
});

test("several problems make a list, the first eight of them in the message", () => {
  const error = new PromptsError([problem, ...Array.from({ length: 9 }, () => problem)], {
    source: "mine.json",
  });
  const lines = error.message.split("\n");
  expect(lines[0]).toBe("mine.json: 10 problems");
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe("  and 2 more");
  expect(error.problems).toHaveLength(10);
});

test("a problem without a place in a text begins with the source and the path", () => {
  const unlocated: PromptsProblem = {
    code: "unknown-set",
    path: "",
    what: "no such set",
    expected: "a set",
    received: "x",
    advice: "Check it.",
  };
  expect(new PromptsError([unlocated], { source: "here" }).message).toBe(
    "here: no such set. Expected a set, received x. Check it.",
  );
});
