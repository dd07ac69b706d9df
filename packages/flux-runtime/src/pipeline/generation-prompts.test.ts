import { expect, test } from "vitest";
import { generationPrompts } from "./generation-prompts.ts";

test.each([
  [4, false, ["an object", ""]],
  [1, false, ["an object"]],
  [4, true, ["an object"]],
])("at guidance %s, distilled %s, the prompts are %j", (guidance, isDistilled, prompts) => {
  expect(generationPrompts({ isDistilled }, { prompt: "an object", guidance })).toEqual(prompts);
});
