import { Option, type Command } from "commander";
import { hook, reductionNames, type HookCommandOptions } from "../commands/hook.ts";
import { integer } from "../terminal/option-values.ts";

/** `hook`. */
export function declareHook(program: Command): void {
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
}
