import { expect, test } from "vitest";
import { tinyReference, tinySet } from "../test/tiny-set.ts";
import { parsePromptSet } from "./parse-prompt-set.ts";
import { listReferences, promptImages, promptText } from "./prompt-set.ts";

test("promptText and promptImages read both forms of a side", () => {
  expect(promptText("a grey object")).toBe("a grey object");
  expect(promptImages("a grey object")).toEqual([]);
  const side = { prompt: "a grey object", images: ["room.png"] };
  expect(promptText(side)).toBe("a grey object");
  expect(promptImages(side)).toEqual(["room.png"]);
});

test("listReferences gives none, one or several as a list", () => {
  const set = parsePromptSet(JSON.stringify(tinySet()));
  expect(listReferences(set)).toEqual([]);
  expect(listReferences({ ...set, reference: tinyReference })).toEqual([tinyReference]);
  expect(listReferences({ ...set, reference: [tinyReference, tinyReference] })).toHaveLength(2);
});
