import { ablationGranularities, ablationMethods, ablationRankings } from "@measure-plantain/probe";
import { Option, type Command } from "commander";
import { ablate, type AblateOptions } from "../commands/ablate.ts";
import { integer, integers } from "../terminal/option-values.ts";
import { addToRunOptions } from "../terminal/shared-options.ts";

/** `ablate`. */
export function declareAblate(program: Command, interruption: AbortSignal): void {
  const asked = program
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
      new Option(
        "--method <name>",
        "what is put in a unit's place: zeros, its mean, or another prompt's mean",
      )
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
    .option("--pairs <n>", "as many of the pairs, evenly spaced (default: all)", integer(1));
  addToRunOptions(asked).action((directory: string, options: AblateOptions) =>
    ablate(directory, options, interruption),
  );
}
