import { captureKinds, freeSettings, optionalTaps } from "@measure-plantain/probe";
import { Option, type Command } from "commander";
import { followPlan, type GivenRunOptions } from "../commands/follow-plan.ts";
import { plan, type PlanOptions } from "../commands/plan.ts";
import { run } from "../commands/run.ts";
import {
  batch,
  integer,
  noiseLevel,
  number,
  probability,
  PURE_NOISE,
  shard,
} from "../terminal/option-values.ts";
import {
  addComponentOptions,
  addModelOptions,
  checkpointOption,
  controlOption,
  figuresOption,
  flipsOption,
  offlineOption,
  promptsOption,
  quietOption,
  wordCountsOption,
} from "../terminal/shared-options.ts";

/** What `run` takes and a plan does not fix. */
const freeOptions: readonly string[] = [
  ...["plan", "out", "shard", "figures", "tracePlacement", "json", "quiet"],
  ...freeSettings,
];

/** `run`, which stands for no command too, and `plan`. */
export function declareRun(program: Command, interruption: AbortSignal): void {
  const opened = program
    .command("run", { isDefault: true })
    .description("run the probe and write a run folder")
    .addOption(checkpointOption)
    .addOption(offlineOption);
  const captured = addComponentOptions(opened)
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
    .addOption(figuresOption);
  const runCommand = addModelOptions(captured)
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
}
