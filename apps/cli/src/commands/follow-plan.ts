import { followPlanFile, isPart, readPlanFile, type PlanFile } from "@measure-plantain/probe";
import type { Command } from "commander";
import type { RunOptions } from "./run.ts";

/** What `measure-plantain run` was told, with a plan by the name of its file. */
export interface GivenRunOptions extends Omit<RunOptions, "plan"> {
  readonly plan?: string;
}

/**
 * The options of a run, with those of its plan in the place of defaults. What was given on the command line stays as it is: the
 * probe compares what comes of it with the plan, and a path may be another one.
 */
export async function followPlan(
  { plan: path, ...options }: GivenRunOptions,
  command: Command,
): Promise<RunOptions> {
  if (path === undefined) return options;
  const plan = await readPlanFile(path);
  const given = Object.entries(options).filter(([name]) => command.getOptionValueSource(name) === "cli");
  return {
    ...options,
    ...withoutUndefined(listOptions(plan.plan, options)),
    ...Object.fromEntries(given),
    plan,
  };
}

/** The options of `run` by which it does what a plan says. */
function listOptions(
  file: PlanFile,
  { shard }: Pick<RunOptions, "shard">,
): { readonly [Name in keyof RunOptions]?: RunOptions[Name] | undefined } {
  const { settings, statistics, sources } = file;
  const { referenceFiles, referenceCount, taps, rotaryFrequencies, noise, ...same } = followPlanFile(file);
  return {
    ...same,
    checkpoint: sources.checkpoint,
    transformer: sources.transformer,
    textEncoder: sources.textEncoder,
    vae: sources.autoencoder,
    lora: sources.loras,
    prompts: sources.prompts,
    wordCounts: sources.wordCounts,
    control: isPart(shard) ? undefined : sources.controls, // they belong to the whole run
    reference: referenceFiles,
    references: referenceCount,
    seed: settings.noiseSeeds[0],
    noiseSeeds: settings.noiseSeeds.length,
    independentNoise: noise === "independent",
    tap: taps,
    ropeFrequencies: rotaryFrequencies,
    flips: statistics.flips,
  };
}

/** A record without the names that have no value. */
function withoutUndefined<Type extends object>(
  record: Type,
): { [Name in keyof Type]?: Exclude<Type[Name], undefined> } {
  const defined = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as { [Name in keyof Type]?: Exclude<Type[Name], undefined> }; // its entries with values
}
