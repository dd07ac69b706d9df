import { listPromptSets, listReferences, type PromptSet } from "@measure-plantain/prompts";
import { basename } from "node:path";
import type { Manifest } from "../run-folder/manifest.ts";
import { referenceName } from "./prepare-references.ts";
import type { ReferenceSettings } from "./settings.ts";
import { formatShard } from "./shard.ts";

/** How a user asks for the prompts of a run: by the name of a built-in set or a file's, and for a control that is derived from them. */
export interface PromptsRecord {
  /** The name of a built-in set, or of a file without its folder. */
  readonly argument: string;
  /** The control that was made from that set. */
  readonly control?: string;
}

/** What is recorded of the prompts that were asked for. */
export function namePrompts(nameOrPath: string): PromptsRecord {
  const isBuiltIn = listPromptSets().some(({ name }) => name === nameOrPath);
  return { argument: isBuiltIn ? nameOrPath : basename(nameOrPath) };
}

/** The command that captures the same numbers again; files that a run was given are named as they were, without folders. */
export function formatCommandLine({
  settings,
  wordCounts,
  prompts,
  promptSet,
}: Pick<Manifest, "settings" | "wordCounts" | "prompts" | "promptSet">): string {
  const { checkpoint, noiseSeeds, sigmas, taps, threads } = settings;
  const { change } = checkpoint;
  const controls = [
    ...(change === undefined ? [] : [`${change.kind}:${change.seed}`]),
    ...(prompts.control === undefined ? [] : [prompts.control]),
  ];
  const options: readonly (readonly [string, readonly (string | number)[] | null])[] = [
    ["--checkpoint", [change?.of ?? checkpoint.id]],
    ["--control", controls.length > 0 ? controls : null],
    ["--prompts", [prompts.argument]],
    ["--word-counts", wordCounts ? [wordCounts.file] : null],
    ...referenceOptions(settings.references, promptSet),
    ["--seed", [noiseSeeds[0] ?? 0]],
    ["--noise-seeds", noiseSeeds.length > 1 ? [noiseSeeds.length] : null],
    ["--independent-noise", settings.noise === "independent" && prompts.control !== "identical" ? [] : null],
    ["--sigmas", sigmas.join() === "1" ? null : sigmas],
    ["--width", [settings.width]],
    ["--height", [settings.height]],
    ["--max-sequence-length", [settings.maxSequenceLength]],
    ["--tap", taps.length > 0 ? taps : null],
    ["--segments", settings.segments ? [] : null],
    ["--rope-frequencies", [settings.rotaryFrequencies]],
    ["--device", [settings.device]],
    ["--dtype", [settings.dtype]],
    ["--weights", [settings.weights]],
    ["--batch", [settings.batch]],
    ["--threads", threads === null ? null : [threads]],
    ["--shard", settings.shard === undefined ? null : [formatShard(settings.shard)]],
  ];
  const words = options.flatMap(([name, values]) => (values === null ? [] : [name, ...values.map(quote)]));
  return `npx measure-plantain run ${words.join(" ")}`;
}

/** The options by which the fixed images are those; what differs between the set's own recipes is left to the set. */
function referenceOptions(
  references: readonly ReferenceSettings[],
  promptSet: PromptSet,
): [string, readonly (string | number)[] | null][] {
  const generated = references.flatMap((reference) => (reference.kind === "generated" ? [reference] : []));
  if (generated.length < references.length)
    return [["--reference", references.map((_, index) => `${referenceName(index)}.png`)]];
  const [first] = generated;
  if (first === undefined) return [];
  const count = listReferences(promptSet).length;
  const recipes = generated.slice(0, count); // they take turns, each with the next seed
  const shared = (value: (reference: GeneratedReference) => number): readonly number[] | null =>
    recipes.every((recipe) => value(recipe) === value(first)) ? [value(first)] : null;
  return [
    ["--references", generated.length === count ? null : [generated.length]],
    ["--reference-seed", shared(({ seed }) => seed)],
    ["--reference-steps", shared(({ steps }) => steps)],
    ["--reference-guidance", shared(({ guidance }) => guidance)],
  ];
}

type GeneratedReference = Extract<ReferenceSettings, { kind: "generated" }>;

/** A word as a POSIX shell reads it back. */
function quote(word: string | number): string {
  const text = String(word);
  return /^[\w./:@=+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
