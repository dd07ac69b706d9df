import type { Command } from "commander";
import { compare, type CompareOptions } from "../commands/compare.ts";
import { merge } from "../commands/merge.ts";
import { report, type ReportOptions } from "../commands/report.ts";
import type { ResultOptions } from "../commands/show-results.ts";
import { stats } from "../commands/stats.ts";
import { verify } from "../commands/verify.ts";
import { flips } from "../terminal/option-values.ts";
import { acceptChangedOption, figuresOption, flipsOption, quietOption } from "../terminal/shared-options.ts";

/** What reads run folders and writes results: `merge`, `stats`, `report`, `compare`, `verify`. */
export function declareResults(program: Command, interruption: AbortSignal): void {
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
    .command("compare")
    .description(
      "compare a run with others over the same units: overlap, correlation, difference of contrasts",
    )
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
}
