import {
  identicalPromptSet,
  loadPromptSet,
  shufflePromptSet,
  type PromptSet,
} from "@measure-plantain/prompts";
import { ProbeError } from "../probe-error.ts";
import { answerDesign, type PlantKind } from "./plant/draw-answers.ts";
import { hashPromptSet } from "../settings/settings.ts";

/** What is changed in a control, everything else being equal. */
export type Control =
  | { readonly kind: "random-weights"; readonly name: string; readonly seed: number }
  | { readonly kind: "base"; readonly name: string }
  | {
      readonly kind: "planted";
      readonly name: string;
      readonly seed: number;
      /** What the planted units respond to. */
      readonly plant: PlantKind;
    }
  | {
      readonly kind: "prompts";
      readonly name: string;
      /** What the user asked for. */
      readonly source: string;
      readonly promptSet: PromptSet;
    };

/** The controls that are made from the run's own prompts: against themselves, and re-paired at random. */
export const IDENTICAL = "identical";
export const SHUFFLED = "shuffled";

/** The control that is the same checkpoint without its adapters. */
export const BASE = "base";

/** The controls in which an effect is planted, and what their units respond to. */
const plants: ReadonlyMap<string, PlantKind> = new Map([
  ["planted", "contrast"],
  ["planted-axis", "axis"],
  ["planted-object", "object"],
  ["planted-wording", "wording"],
]);

/**
 * The controls that are asked for: `random-weights` is one seed, `random-weights:3` three of them, and so with `planted` and,
 * for a crossed set, `planted-axis`, `planted-object` and `planted-wording`; `base` is the checkpoint without its adapters; anything else is a prompt set, which is read here, so that a mistake in it is known before the run and not after it.
 *
 * @param set - The run's own prompts.
 * @throws {ProbeError} if a number of seeds is no number, a control is asked for twice, or nothing of a kind can be planted for
 * the set; PromptsError for a set.
 * @example
 * await parseControls(["random-weights:2", "shuffled", "planted"], promptSet);
 */
export async function parseControls(asked: readonly string[], set: PromptSet): Promise<Control[]> {
  const planned = asked.map(async (text): Promise<Control[]> => {
    if (text === BASE) return [{ kind: "base", name: BASE }];
    const [, changed, seeds = "1"] = /^([a-z-]+)(?::(.*))?$/.exec(text) ?? [];
    const plant = plants.get(changed ?? "");
    if (changed === undefined || (changed !== "random-weights" && plant === undefined)) {
      const name = text.replace(/^.*[/\\]/, "").replace(/\.\w+$/, "");
      const promptSet = await loadControlSet(text, set);
      await hashPromptSet(promptSet); // refuses images that cannot be read
      return [{ kind: "prompts", name, source: text, promptSet }];
    }
    if (plant !== undefined) answerDesign(plant, set); // refuses a set that it cannot be planted for
    const count = Number(seeds);
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new ProbeError(
        "invalid-option",
        `The control ${text} asks for ${seeds || "nothing"} as its number of seeds. Write ${changed}:N with a whole number N from 1 on.`,
      );
    }
    // The seeds begin at 1: 0 is that of the synthesised checkpoints, which may be the run itself.
    return Array.from({ length: count }, (_, index): Control => {
      const drawn = { name: `${changed}-${index + 1}`, seed: index + 1 };
      return plant === undefined
        ? { kind: "random-weights", ...drawn }
        : { kind: "planted", ...drawn, plant };
    });
  });
  const controls = (await Promise.all(planned)).flat();
  const doubled = controls.find(
    ({ name }, index) => controls.findIndex((other) => other.name === name) < index,
  );
  if (doubled !== undefined)
    throw new ProbeError("invalid-option", `The control ${doubled.name} is asked for twice. Name it once.`);
  return controls;
}

/** A control's prompt set; those that are derived from a set are derived from the run's own. */
async function loadControlSet(source: string, set: PromptSet): Promise<PromptSet> {
  if (source === IDENTICAL) return identicalPromptSet(set, { name: IDENTICAL });
  if (source === SHUFFLED) return shufflePromptSet(set, { name: SHUFFLED });
  return loadPromptSet(source);
}
