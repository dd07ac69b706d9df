import { loadPromptSet, type PromptSet } from "@measure-plantain/prompts";
import { expect, it } from "vitest";
import { parseControls } from "./parse-controls.ts";

const set: PromptSet = {
  name: "few",
  version: "1.0.0",
  title: "Two pairs",
  labels: { a: "small", b: "large" },
  pairs: [
    { id: "thumb", a: "smaller than a thumb", b: "larger than a thumb" },
    { id: "house", a: "smaller than a house", b: "larger than a house" },
  ],
};

it("random-weights:N is N seeds, from 1 on, each a control of its own", async () => {
  expect(await parseControls(["random-weights:2"], set)).toEqual([
    { kind: "random-weights", name: "random-weights-1", seed: 1 },
    { kind: "random-weights", name: "random-weights-2", seed: 2 },
  ]);
  expect(await parseControls(["random-weights"], set)).toHaveLength(1);
});

it("anything else is a prompt set, read before anything runs", async () => {
  const [control] = await parseControls(["paraphrase"], set);
  expect(control).toMatchObject({ kind: "prompts", name: "paraphrase", promptSet: { name: "paraphrase" } });
  await expect(parseControls(["sets/missing.json"], set)).rejects.toThrow(/missing\.json/);
});

it("identical and shuffled are made from the run's own prompts", async () => {
  for (const control of await parseControls(["identical", "shuffled"], set)) {
    if (control.kind !== "prompts") throw new TypeError("a control of prompts was asked for");
    expect(control.promptSet.pairs.map(({ id }) => id)).toEqual(["thumb", "house"]);
  }
});

it.each(["random-weights:0", "random-weights:x", "random-weights:1.5"])("refuses %s", async (text) => {
  await expect(parseControls([text], set)).rejects.toThrow(/as its number of seeds\. Write random-weights:N/);
});

it.each(["planted-axis", "planted-object", "planted-wording"])(
  "%s needs a crossed set, and is drawn as often as asked",
  async (text) => {
    await expect(parseControls([text], set)).rejects.toThrow(
      new RegExp(`${text} needs a crossed prompt set, such as measure-crossed, and few has no factors`),
    );
    const crossed = await loadPromptSet("measure-crossed");
    expect(await parseControls([`${text}:2`], crossed)).toEqual(
      [1, 2].map((seed) => ({
        kind: "planted",
        name: `${text}-${seed}`,
        seed,
        plant: text.replace("planted-", ""),
      })),
    );
  },
);

it("base is the checkpoint without its adapters, once", async () => {
  expect(await parseControls(["base"], set)).toEqual([{ kind: "base", name: "base" }]);
  await expect(parseControls(["base", "base"], set)).rejects.toThrow(/base is asked for twice/);
});

it("refuses the same control twice", async () => {
  await expect(parseControls(["paraphrase", "paraphrase"], set)).rejects.toThrow(
    /paraphrase is asked for twice/,
  );
});
