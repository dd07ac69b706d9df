import type { Command } from "commander";
import { generateImage, type GenerateCommandOptions } from "../commands/generate.ts";
import { integer, number } from "../terminal/option-values.ts";
import {
  addComponentOptions,
  addModelOptions,
  checkpointOption,
  offlineOption,
  quietOption,
} from "../terminal/shared-options.ts";

/** `generate`. */
export function declareGenerate(program: Command, interruption: AbortSignal): void {
  const opened = program
    .command("generate")
    .description("make an image")
    .addOption(checkpointOption)
    .addOption(offlineOption);
  const rendered = addComponentOptions(opened)
    .requiredOption("--prompt <text>", "what to make")
    .option("--image <png...>", "images that condition the result", [])
    .option("--steps <n>", "denoising steps", integer(1), 28)
    .option("--guidance <x>", "classifier-free guidance", number, 4)
    .option("--seed <n>", "seed of the noise", integer(0), 0)
    .option("--width <n>", "pixels, a multiple of 16", integer(1))
    .option("--height <n>", "pixels, a multiple of 16", integer(1))
    .option("--max-sequence-length <n>", "text tokens, padding included (default: 512)", integer(1));
  addModelOptions(rendered)
    .requiredOption("--out <png>", "where to write it")
    .option("--json", "print what was written as JSON", false)
    .addOption(quietOption)
    .action((options: GenerateCommandOptions) => generateImage(options, interruption));
}
