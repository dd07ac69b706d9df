import { deviceNames } from "@measure-plantain/flux-runtime";
import { ablationGranularities } from "@measure-plantain/probe";
import { Option, type Command } from "commander";
import { steer, type SteerCommandOptions } from "../commands/steer.ts";
import { integer, integers, number, numbers } from "../terminal/option-values.ts";
import { addToRunOptions } from "../terminal/shared-options.ts";

/** `steer`. */
export function declareSteer(program: Command, interruption: AbortSignal): void {
  const asked = program
    .command("steer")
    .description(
      "render prompts with the strongest units of a complete run scaled, next to the weakest and matched random sets",
    )
    .argument("<run>", "a run folder")
    .option(
      "--units <which...>",
      "top:N (with bottom:N and random sets next to it), bottom:N, random:N, or addresses of units.csv or heads.csv as one set (default: top:10)",
    )
    .addOption(
      new Option("--granularity <name>", "what a unit is").choices(ablationGranularities).default("group"),
    )
    .option(
      "--scale <x...>",
      "what units are multiplied by; the image as it is, ×1, is always made (default: 0 2)",
      numbers,
    )
    .option("--random <n>", "matched random sets next to each set", integer(0), 1)
    .option("--set-seed <n>", "seed of the random sets", integer(0), 0)
    .option("--prompt <text...>", "what to make (default: both sides of some of the run's pairs)")
    .option("--pairs <n>", "of how many pairs, evenly spaced, if no prompt is given (default: 1)", integer(1))
    .option("--seed <n...>", "seeds of the noise (default: 0)", integers(0))
    .option("--width <n>", "pixels, a multiple of 16 (default: the run's)", integer(1))
    .option("--height <n>", "pixels, a multiple of 16 (default: the run's)", integer(1))
    .option("--steps <n>", "denoising steps", integer(1), 14)
    .option("--guidance <x>", "classifier-free guidance; units are scaled in both of its passes", number, 4)
    .addOption(new Option("--device <name>", "where to render (default: as the run)").choices(deviceNames))
    .addOption(
      new Option("--dtype <type>", "type of the matrix products (default: as the run)").choices([
        "float32",
        "bfloat16",
        "float16",
      ]),
    )
    .addOption(
      new Option("--weights <how>", "how weights are held (default: as the run)").choices([
        "mapped",
        "resident",
      ]),
    );
  addToRunOptions(asked).action((directory: string, options: SteerCommandOptions) =>
    steer(directory, options, interruption),
  );
}
