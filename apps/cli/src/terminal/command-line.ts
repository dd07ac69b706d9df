import { listReferences, type PromptSet } from "@measure-plantain/prompts";
import {
  type Ablation,
  type Manifest,
  PLAN_FILE,
  referenceName,
  differingSettings,
  type ReferenceSettings,
  formatShard,
  type Steering,
} from "@measure-plantain/probe";
import type { ReproducedRun } from "@measure-plantain/report";
import { ownPackage } from "../own-package.ts";

/** What of a manifest says how to make its run again. */
export type RunRecord = Pick<
  Manifest,
  "settings" | "wordCounts" | "plan" | "prompts" | "promptSet" | "stages" | "packages"
>;

/** The run folder, in commands that need its name. */
const FOLDER = "run";

/**
 * The commands, one a line, that make a run folder again with everything in it: the same captures, controls and results.
 * Files that a run was given are named as they were, without folders.
 *
 * @returns `null` for a run that another program made: no command makes it again.
 */
export function formatCommands({
  manifest,
  controls,
  flips,
  ablation,
  steering,
}: ReproducedRun<RunRecord>): string | null {
  if (manifest.packages[ownPackage.name] === undefined) return null;
  const besides = controls.filter((control) => !isMadeByRun(manifest, control.manifest));
  const asked = controls.filter((control) => !besides.includes(control)).map((control) => control.manifest);
  const needsFolder = besides.length > 0 || ablation !== null || steering !== null;
  const flipsOption: Option = ["--flips", [flips]];
  const line = (record: RunRecord, askedControls: readonly RunRecord[], out: string | null): string =>
    formatCommand("run", [
      ...listRunOptions(record, askedControls),
      flipsOption,
      ["--out", out === null ? null : [out]],
    ]);
  return [
    line(manifest, asked, needsFolder ? FOLDER : null),
    ...besides.map((control) => line(control.manifest, [], `${FOLDER}/controls/${control.name}`)),
    ...(besides.length === 0 ? [] : [formatCommand("stats", [[FOLDER, []], flipsOption])]),
    ...(ablation === null
      ? []
      : [formatCommand("ablate", [[FOLDER, []], ...listAblationOptions(ablation, manifest)])]),
    ...(steering === null ? [] : [formatCommand("steer", [[FOLDER, []], ...listSteeringOptions(steering)])]),
  ].join("\n");
}

/** Whether `run --control` makes a control: it has the settings of its run, but for weights, prompts and their noise. */
function isMadeByRun(run: RunRecord, control: RunRecord): boolean {
  const rest = ({ settings }: RunRecord): unknown => ({
    ...settings,
    checkpoint: null,
    promptSet: null,
    references: null,
    noise: null,
  });
  const changesWeights = control.settings.checkpoint.change !== undefined;
  const changesPrompts = control.settings.promptSet.sha256 !== run.settings.promptSet.sha256;
  return (changesWeights || changesPrompts) && differingSettings(rest(run), rest(control)).length === 0;
}

/** An option with its values, or a word without any; `null` leaves it out. */
type Option = readonly [name: string, values: readonly (string | number)[] | null];

function formatCommand(name: string, options: readonly Option[]): string {
  const words = options.flatMap(([option, values]) =>
    values === null ? [] : [option, ...values.map(quote)],
  );
  return `npx measure-plantain ${name} ${words.join(" ")}`;
}

function listRunOptions(
  { settings, wordCounts, plan, prompts, promptSet, stages }: RunRecord,
  controls: readonly RunRecord[],
): Option[] {
  const { checkpoint, noiseSeeds, sigmas, taps, threads } = settings;
  const { source, change } = checkpoint;
  const asked = listControls({ settings, prompts }, controls);
  return [
    ["--checkpoint", [source?.checkpoint ?? change?.of ?? checkpoint.id]],
    ["--transformer", listGiven(source?.transformer)],
    ["--text-encoder", listGiven(source?.textEncoder)],
    ["--vae", listGiven(source?.autoencoder)],
    ...(source?.loras ?? []).map(({ file, scale = 1 }): Option => ["--lora", [`${file}:${scale}`]]),
    ["--control", asked.length > 0 ? asked : null],
    ["--prompts", [prompts.argument]],
    ["--plan", plan === undefined ? null : [PLAN_FILE]],
    ["--word-counts", wordCounts ? [wordCounts.file] : null],
    ...referenceOptions(settings.references, promptSet),
    ["--seed", [noiseSeeds[0] ?? 0]],
    ["--noise-seeds", noiseSeeds.length > 1 ? [noiseSeeds.length] : null],
    ["--independent-noise", settings.noise === "independent" && prompts.control !== "identical" ? [] : null],
    ["--sigmas", sigmas.join() === "1" ? null : sigmas],
    ["--width", [settings.width]],
    ["--height", [settings.height]],
    ["--max-sequence-length", [settings.maxSequenceLength]],
    ["--capture", settings.capture === "signed" ? [settings.capture] : null],
    ["--tap", taps.length > 0 ? taps : null],
    ["--segments", settings.segments ? [] : null],
    ["--text-encoder-layers", [settings.textEncoderLayers.join()]],
    ["--rope-frequencies", [settings.rotaryFrequencies]],
    ["--device", [settings.device]],
    ["--dtype", [settings.dtype]],
    ["--weights", [settings.weights]],
    ["--batch", [settings.batch]],
    ["--threads", threads === null ? null : [threads]],
    ["--full-hash", checkpoint.files.some((file) => file.sha256 !== undefined) ? [] : null],
    ["--trace-placement", stages.some(({ placement }) => placement !== undefined) ? [] : null],
    ["--shard", settings.shard === undefined ? null : [formatShard(settings.shard)]],
  ];
}

function listGiven(value: string | undefined): readonly string[] | null {
  return value === undefined ? null : [value];
}

/** What `--control` is given for a run that is a control itself, or for the controls of a run; seeds count from 1, and 0 is none. */
function listControls(
  run: Pick<RunRecord, "settings" | "prompts">,
  controls: readonly RunRecord[],
): string[] {
  const seeds = new Map<string, number>();
  const prompts: string[] = [];
  const own = run.settings.checkpoint.change !== undefined || run.prompts.control !== undefined ? [run] : [];
  for (const { settings, prompts: asked } of [...own, ...controls]) {
    const { change } = settings.checkpoint;
    if (change !== undefined) seeds.set(change.kind, Math.max(seeds.get(change.kind) ?? 0, change.seed));
    else prompts.push(asked.control ?? asked.argument);
  }
  return [...[...seeds].map(([kind, seed]) => (seed === 0 ? kind : `${kind}:${seed}`)), ...prompts];
}

function listAblationOptions(
  { settings }: Pick<Ablation, "settings">,
  { promptSet }: Pick<RunRecord, "promptSet">,
): Option[] {
  const { granularity, method, rankBy, top, units, random, seed, pairs } = settings;
  return [
    ["--granularity", [granularity]],
    ["--method", [method]],
    ["--rank-by", [rankBy]],
    ["--top", top.length > 0 ? top : null],
    ["--units", units.length > 0 ? units : null],
    ["--random", [random]],
    ["--seed", [seed]],
    ["--pairs", pairs.length < promptSet.pairs.length ? [pairs.length] : null],
  ];
}

function listSteeringOptions({ settings }: Pick<Steering, "settings">): Option[] {
  const { granularity, units, random, setSeed, scale, prompts, seeds, rendering } = settings;
  const { width, height, steps, guidance, device, dtype, weights, threads } = rendering;
  return [
    ["--granularity", [granularity]],
    ["--units", units],
    ["--scale", scale],
    ["--random", [random]],
    ["--set-seed", setSeed === 0 ? null : [setSeed]],
    ["--prompt", prompts],
    ["--seed", seeds],
    ["--width", [width]],
    ["--height", [height]],
    ["--steps", [steps]],
    ["--guidance", [guidance]],
    ["--device", [device]],
    ["--dtype", [dtype]],
    ["--weights", [weights]],
    ["--threads", threads === null ? null : [threads]],
  ];
}

/** The options by which the fixed images are those; what differs between the set's own recipes is left to the set. */
function referenceOptions(references: readonly ReferenceSettings[], promptSet: PromptSet): Option[] {
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
