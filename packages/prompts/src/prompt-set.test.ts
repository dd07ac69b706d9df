import { expect, test } from "vitest";
import { tinyReference, tinySet } from "../test/tiny-set.ts";
import { parsePromptSet } from "./parse-prompt-set.ts";
import { listReferences, promptImages, promptText, sideLevels } from "./prompt-set.ts";

test("promptText, promptImages and sideLevels read every form of a side", () => {
  expect(promptText("a grey object")).toBe("a grey object");
  expect(promptImages("a grey object")).toEqual([]);
  const side = { prompt: "a grey object", images: ["room.png"] };
  expect(promptText(side)).toBe("a grey object");
  expect(promptImages(side)).toEqual(["room.png"]);
  const cell = { prompt: "a grey cube", levels: { object: "cube" } };
  expect(promptText(cell)).toBe("a grey cube");
  expect(promptImages(cell)).toEqual([]);
  expect([cell, side, "a grey object"].map(sideLevels)).toEqual([{ object: "cube" }, {}, {}]);
});

test("listReferences gives none, one or several as a list", () => {
  const set = parsePromptSet(JSON.stringify(tinySet()));
  expect(listReferences(set)).toEqual([]);
  expect(listReferences({ ...set, reference: tinyReference })).toEqual([tinyReference]);
  expect(listReferences({ ...set, reference: [tinyReference, tinyReference] })).toHaveLength(2);
});
