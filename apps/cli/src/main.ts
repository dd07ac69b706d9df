#!/usr/bin/env node
import { DEFAULT_MAX_SEQUENCE_LENGTH } from "@measure-plantain/flux-runtime";
import { Command, CommanderError, Option } from "commander";
import { ablate, type AblateOptions } from "./commands/ablate.ts";
import { listCache, removeFromCache } from "./commands/cache.ts";
import { doctor, type DoctorOptions } from "./commands/doctor.ts";
import { generateImage, type GenerateCommandOptions } from "./commands/generate.ts";
import { merge } from "./commands/merge.ts";
import type { ResultOptions } from "./commands/show-results.ts";
import { hook, reductionNames, type HookCommandOptions } from "./commands/hook.ts";
import { checkSet, listSets, type CheckSetOptions } from "./commands/prompts.ts";
import { followPlan, type GivenRunOptions } from "./commands/follow-plan.ts";
import { plan, type PlanOptions } from "./commands/plan.ts";
import { run } from "./commands/run.ts";
import { compare, type CompareOptions } from "./commands/compare.ts";
import { report, type ReportOptions } from "./commands/report.ts";
import { stats } from "./commands/stats.ts";
import { verify } from "./commands/verify.ts";
import {
  ablationGranularities,
  ablationMethods,
  ablationRankings,
  captureKinds,
  freeSettings,
  optionalTaps,
} from "@measure-plantain/probe";
import { exitCodeOf, formatError } from "./exit-code.ts";
import { heedSignals } from "./interruption.ts";
import { ownPackage } from "./own-package.ts";
import {
  batch,
  flips,
  integer,
  integers,
  noiseLevel,
  number,
  probability,
  PURE_NOISE,
  shard,
} from "./terminal/option-values.ts";
import { endBar } from "./terminal/display.ts";
import { heedClosedPipes } from "./terminal/closed-pipes.ts";
import {
  acceptChangedOption,
  checkpointOption,
  controlOption,
  deviceOption,
  dtypeOption,
  figuresOption,
  flipsOption,
  offlineOption,
  promptsOption,
  quietOption,
  ropeOption,
  textEncoderLayersOption,
  threadsOption,
  weightsOption,
  wordCountsOption,
} from "./terminal/shared-options.ts";
import { writeMessage, writeResult } from "./terminal/write-text.ts";

const interruption = heedSignals();
heedClosedPipes();

const program = new Command("measure-plantain")
  .description(
    "A per-head attention probe of FLUX.2 Klein: from a checkpoint to t values against their sign-flip null.",
  )
  .version(ownPackage.version)
  .showHelpAfterError("(--help lists the options)")
  .configureOutput({ writeOut: writeResult, writeErr: writeMessage })
  .exitOverride();

const runCommand = program
  .command("run", { isDefault: true })
  .description("run the probe and write a run folder")
  .addOption(checkpointOption)
  .addOption(offlineOption)
  .addOption(promptsOption)
  .addOption(wordCountsOption)
  .option(
    "--plan <file>",
    "a file that `plan` wrote: its options are the run's, and what contradicts it is refused",
  )
  .option(
    "--out <dir>",
    "the run folder; a run that was cut short is continued (default: runs/CHECKPOINT-PROMPTS)",
  )
  .option("--reference <png...>", "the fixed images; by default rendered from the prompt set's reference")
  .option("--references <n>", "fixed images to render, from as many seeds, and to average over", integer(1))
  .option("--reference-seed <n>", "seed of the rendered reference", integer(0))
  .option("--reference-steps <n>", "steps of the rendered reference", integer(1))
  .option("--reference-guidance <x>", "guidance of the rendered reference", number)
  .option("--seed <n>", "seed of the noise of every pass", integer(0), 0)
  .option("--noise-seeds <n>", "noises to repeat every pass with, and to average over", integer(1), 1)
  .option(
    "--independent-noise",
    "another noise for each pass instead of the same for all; on equal prompts, an A/A run",
    false,
  )
  .addOption(
    new Option(
      "--sigmas <x...>",
      "noise levels to repeat every pass at, and to average over; below 1 the noise lies over the fixed image",
    )
      .argParser(noiseLevel)
      .default(PURE_NOISE, "1"),
  )
  .option(
    "--width <n>",
    "pixels, a multiple of 16 (default: the given image's, else the prompt set's; 128 with tiny)",
    integer(1),
  )
  .option("--height <n>", "as --width", integer(1))
  .option("--max-sequence-length <n>", "text tokens, padding included (default: 512)", integer(1))
  .addOption(
    new Option(
      "--capture <what>",
      "signed also captures the mean of every channel over the tokens, which keeps its sign",
    )
      .choices(captureKinds)
      .default("mean-square"),
  )
  .addOption(
    new Option("--tap <what...>", "further projections to capture").choices(optionalTaps).default([]),
  )
  .option("--shard <k/n>", "capture every N-th pair from the K-th on, as one of N runs for `merge`", shard)
  .option(
    "--segments",
    "also capture the tokens of template, prompt, padding, noise and reference separately",
    false,
  )
  .addOption(controlOption)
  .addOption(flipsOption)
  .addOption(figuresOption)
  .addOption(textEncoderLayersOption)
  .addOption(ropeOption)
  .addOption(deviceOption)
  .addOption(dtypeOption)
  .addOption(weightsOption)
  .addOption(threadsOption)
  .option(
    "--batch <n>",
    "passes that are run together; auto takes what fits the card, 1 on the CPU",
    batch,
    "auto",
  )
  .option("--trace-placement", "record in the manifest on which provider every node ran", false)
  .option("--full-hash", "put the SHA-256 of every weight file into the manifest", false)
  .option("--json", "print the summary as JSON on stdout", false)
  .addOption(quietOption)
  .action(async (options: GivenRunOptions, command: Command) =>
    run(await followPlan(options, command), interruption),
  );

/** What `run` takes and a plan does not fix. */
const freeOptions: readonly string[] = [
  ...["plan", "out", "shard", "figures", "tracePlacement", "json", "quiet"],
  ...freeSettings,
];
const planCommand = program
  .command("plan")
  .description("write down what a run will do and how it will be decided, before anything is captured")
  .option("--alpha <x>", "error rate of the decision", probability, 0.05)
  .option("--rule <text...>", "what else is decided, in words that no program checks", [])
  .option("--out <file>", "the plan; no file is replaced", "plan.json")
  .option("--json", "print the decision as JSON on stdout", false)
  .addOption(quietOption)
  .action((options: PlanOptions) => plan(options, interruption));
for (const option of runCommand.options) {
  if (!freeOptions.includes(option.attributeName())) planCommand.addOption(option);
}

program
  .command("generate")
  .description("make an image")
  .addOption(checkpointOption)
  .addOption(offlineOption)
  .requiredOption("--prompt <text>", "what to make")
  .option("--image <png...>", "images that condition the result", [])
  .option("--steps <n>", "denoising steps", integer(1), 28)
  .option("--guidance <x>", "classifier-free guidance", number, 4)
  .option("--seed <n>", "seed of the noise", integer(0), 0)
  .option("--width <n>", "pixels, a multiple of 16", integer(1))
  .option("--height <n>", "pixels, a multiple of 16", integer(1))
  .option("--max-sequence-length <n>", "text tokens, padding included (default: 512)", integer(1))
  .addOption(textEncoderLayersOption)
  .addOption(ropeOption)
  .addOption(deviceOption)
  .addOption(dtypeOption)
  .addOption(weightsOption)
  .addOption(threadsOption)
  .requiredOption("--out <png>", "where to write it")
  .option("--json", "print what was written as JSON", false)
  .addOption(quietOption)
  .action((options: GenerateCommandOptions) => generateImage(options, interruption));

program
  .command("merge")
  .description("join the shards of a run into one run folder, and write its results")
  .argument("<out>", "the run folder to write")
  .argument("<shards...>", "the run folders of all shards, in any order")
  .addOption(flipsOption)
  .addOption(figuresOption)
  .option("--json", "print the summary as JSON on stdout", false)
  .addOption(quietOption)
  .action((out: string, shards: string[], options: ResultOptions) =>
    merge(out, shards, options, interruption),
  );

program
  .command("stats")
  .description("recompute the statistics of a run folder from its captures, and write its tables")
  .argument("<dir>", "a run folder")
  .addOption(flipsOption)
  .addOption(figuresOption)
  .addOption(acceptChangedOption)
  .option("--json", "print the summary as JSON on stdout", false)
  .addOption(quietOption)
  .action((directory: string, options: ResultOptions) => stats(directory, options, interruption));

program
  .command("report")
  .description("rewrite the report of a run folder")
  .argument("<dir>", "a run folder")
  .option(
    "--flips <n>",
    "random sign flips of the null, or exact for all of them (default: as in summary.json)",
    flips,
  )
  .addOption(figuresOption)
  .addOption(acceptChangedOption)
  .addOption(quietOption)
  .action((directory: string, options: ReportOptions) => report(directory, options, interruption));

program
  .command("ablate")
  .description(
    "ablate the strongest units of a complete run, and matched random sets, and measure the prediction",
  )
  .argument("<run>", "a run folder")
  .option(
    "--top <k...>",
    "how many of the strongest units by |t|, for each set (default: 10)",
    integers(1),
    [],
  )
  .option("--units <address...>", "a set of your own, by addresses of units.csv or heads.csv", [])
  .addOption(
    new Option("--granularity <name>", "what a unit is").choices(ablationGranularities).default("group"),
  )
  .addOption(
    new Option("--method <name>", "what is put in a unit's place: zeros, its mean, or another prompt's mean")
      .choices(ablationMethods)
      .default("zero"),
  )
  .addOption(
    new Option("--rank-by <pairs>", "each half of the pairs ranks for the other, or all rank (circular)")
      .choices(ablationRankings)
      .default("half"),
  )
  .option("--random <n>", "matched random sets to compare each set with", integer(1), 39)
  .option("--seed <n>", "seed of the random sets, the halves and what is resampled", integer(0), 0)
  .option("--pairs <n>", "as many of the pairs, evenly spaced (default: all)", integer(1))
  .option("--checkpoint <which>", "where the run's checkpoint is now (default: where it was)")
  .addOption(offlineOption)
  .addOption(threadsOption)
  .option("--json", "print the result as JSON on stdout", false)
  .addOption(quietOption)
  .action((directory: string, options: AblateOptions) => ablate(directory, options, interruption));

program
  .command("doctor")
  .description("report whether a run can work on this machine, what is missing, and about what it takes")
  .option(
    "--checkpoint <which>",
    "whose weights to look for and whose sizes to count with",
    "black-forest-labs/FLUX.2-klein-base-4B",
  )
  .option("--width <n>", "pixels", integer(1), 1_024)
  .option("--height <n>", "pixels", integer(1), 1_024)
  .addOption(promptsOption)
  .addOption(controlOption)
  .addOption(offlineOption)
  .option("--json", "as one JSON document", false)
  .action((options: DoctorOptions) => doctor(options, interruption));

program
  .command("compare")
  .description("compare a run with others over the same units: overlap, correlation, difference of contrasts")
  .argument("<dirs...>", "run folders: the run, then those to compare it with")
  .addOption(flipsOption)
  .addOption(acceptChangedOption)
  .option("--json", "as JSON", false)
  .addOption(quietOption)
  .action((directories: string[], options: CompareOptions) => compare(directories, options, interruption));

program
  .command("verify")
  .description("check every hash of a run folder and recompute all its results")
  .argument("<dir>", "a run folder")
  .option("--json", "as JSON", false)
  .addOption(quietOption)
  .action((directory: string, options: { json: boolean; quiet: boolean }) =>
    verify(directory, options, interruption),
  );

program
  .command("hook")
  .description("add measurements of output projections to an ONNX model of any origin")
  .argument("<in>", "an ONNX file")
  .argument("[out]", "the file to write; next to the model if that has external weights")
  .option("--at <patterns...>", "globs over projections (default: those behind attention)", [])
  .option("--group <n>", "channels per unit (default: the most that fit every head)", integer(1))
  .option("--heads <n>", "heads of each projection, if the graph does not show them", integer(1))
  .addOption(
    new Option("--reduction <name>", "what a unit is reduced to")
      .choices(reductionNames)
      .default("mean-square"),
  )
  .option("--segments", "over token ranges that are given at run time", false)
  .option("--per-token", "for every token apart", false)
  .option("--mask <input>", "leave out the tokens that this attention mask excludes")
  .option("--scale", "add an input that scales each unit", false)
  .option("--output-name <name>", "what the new output is called")
  .option("--captures-only", "drop the model's own outputs, and what only they need", false)
  .option("--list", "write nothing; list what would be tapped", false)
  .option("--json", "as JSON", false)
  .action((input: string, output: string | undefined, options: HookCommandOptions) =>
    hook(input, output, options),
  );

const cache = program
  .command("cache")
  .description(
    "list or remove what runs made in the cache folder: checkpoints, weights converted for WebGPU",
  );
cache
  .command("list")
  .description("list what the cache folder holds, with sizes")
  .option("--json", "as JSON", false)
  .action((options: { json: boolean }) => listCache(options));
cache
  .command("remove")
  .description("remove entries of the cache folder; what is needed again is made again")
  .argument("[names...]", "as `cache list` shows them")
  .option("--converted", "all weights that were converted for WebGPU", false)
  .action((names: string[], options: { converted: boolean }) => removeFromCache(names, options));

const prompts = program.command("prompts").description("list the built-in prompt sets, or check a file");
prompts
  .command("list")
  .description("list the built-in prompt sets")
  .option("--json", "as JSON", false)
  .action((options: { json: boolean }) => {
    listSets(options);
  });
prompts
  .command("check")
  .description("validate a prompt-set file and audit its pairs")
  .argument("<file>", "a JSON, YAML or CSV file, or the name of a built-in set")
  .addOption(new Option("--checkpoint <which>", "whose tokenizer counts the tokens").default("tiny"))
  .option(
    "--max-sequence-length <n>",
    "text tokens that the model reads of a prompt",
    integer(1),
    DEFAULT_MAX_SEQUENCE_LENGTH,
  )
  .addOption(wordCountsOption)
  .addOption(offlineOption)
  .option("--json", "print the audit as JSON", false)
  .addOption(quietOption)
  .action((file: string, options: CheckSetOptions) => checkSet(file, options, interruption));

try {
  await program.parseAsync();
} catch (thrown) {
  const error: unknown = interruption.aborted ? interruption.reason : thrown; // what ends early fails in many ways
  // Commander has said what was wrong with the command line.
  endBar();
  if (!(error instanceof CommanderError)) writeMessage(`${formatError(error)}\n`);
  process.exitCode = exitCodeOf(error);
} finally {
  endBar();
}
