import { identicalPromptSet } from "../derive/identical-prompt-set.ts";
import { shufflePromptSet } from "../derive/shuffle-prompt-set.ts";
import type { PromptSet } from "../prompt-set.ts";
import { validatePromptSet } from "../validate/validate-prompt-set.ts";
import attribute from "./attribute.json" with { type: "json" };
import measure from "./measure.json" with { type: "json" };
import measureCrossed from "./measure-crossed.json" with { type: "json" };
import numberCrossed from "./number-crossed.json" with { type: "json" };
import number from "./number.json" with { type: "json" };
import otherview from "./otherview.json" with { type: "json" };
import paraphrase from "./paraphrase.json" with { type: "json" };
import presence from "./presence.json" with { type: "json" };

/** The set that a probe runs by default. */
export const DEFAULT_PROMPT_SET = "measure";

/** The sets that come with the package, by name; each call validates like any file and gives a fresh copy. */
export const builtInSets: ReadonlyMap<string, () => PromptSet> = new Map([
  ["measure", () => fromFile(measure)],
  ["measure-crossed", () => fromFile(measureCrossed)],
  ["otherview", () => fromFile(otherview)],
  ["paraphrase", () => fromFile(paraphrase)],
  ["attribute", () => fromFile(attribute)],
  ["number", () => fromFile(number)],
  ["number-crossed", () => fromFile(numberCrossed)],
  ["presence", () => fromFile(presence)],
  ["shuffled", () => shufflePromptSet(fromFile(measure), { seed: 0, name: "shuffled" })],
  ["identical", () => identicalPromptSet(fromFile(measure), { name: "identical" })],
]);

function fromFile(file: { readonly name: string }): PromptSet {
  return validatePromptSet(file, { source: file.name });
}
