import { DEFAULT_MAX_SEQUENCE_LENGTH } from "@measure-plantain/flux-runtime";
import { Option, type Command } from "commander";
import { checkSet, listSets, type CheckSetOptions } from "../commands/prompts.ts";
import { integer } from "../terminal/option-values.ts";
import { offlineOption, quietOption, wordCountsOption } from "../terminal/shared-options.ts";

/** `prompts list` and `prompts check`. */
export function declarePrompts(program: Command, interruption: AbortSignal): void {
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
}
