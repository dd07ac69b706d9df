// The options that several commands take.
import { MOST_PAIRS_ENUMERATED } from "@measure-plantain/paired-stats";
import { Option, type Command } from "commander";
import { deviceNames } from "@measure-plantain/flux-runtime";
import { DEFAULT_PROMPT_SET } from "@measure-plantain/prompts";
import { DEFAULT_FLIPS } from "@measure-plantain/report";
import { flips, integer, layers, lora } from "./option-values.ts";

export const checkpointOption: Option = new Option(
  "--checkpoint <which>",
  "tiny, random:klein-4b, random:klein-9b (-distilled), a folder in the Hugging Face layout, OWNER/NAME[@REVISION] of a model on the hub, or a .safetensors file of Klein's transformer",
).default("tiny");
export const promptsOption: Option = new Option(
  "--prompts <which>",
  "a built-in prompt set, or the path of a JSON, YAML or CSV file",
).default(DEFAULT_PROMPT_SET);

export const controlOption: Option = new Option(
  "--control <which...>",
  "controls to run as well: random-weights[:SEEDS], planted[:SEEDS] (of a crossed set also planted-axis, planted-object, planted-wording), base (without the adapters of --lora), or prompt sets by name or file",
).default([]);

export const wordCountsOption: Option = new Option(
  "--word-counts <file>",
  "words with how often each occurs (CSV with the columns word and count, or JSON): lets the audit tell rare words from common ones",
);
export const offlineOption: Option = new Option(
  "--offline",
  "download nothing, as with HF_HUB_OFFLINE=1",
).default(false);
const deviceOption: Option = new Option(
  "--device <name>",
  "auto takes CUDA where it works, or a card on WebGPU that is faster than the CPU",
)
  .choices(deviceNames)
  .default("auto");
const dtypeOption: Option = new Option(
  "--dtype <type>",
  "type of the matrix products (default: bfloat16 on CUDA, float32 on the CPU and WebGPU)",
).choices(["float32", "bfloat16", "float16"]);
const weightsOption: Option = new Option(
  "--weights <how>",
  "mapped leaves them in their files; resident keeps converted copies: faster, at several times the memory (default: mapped; on WebGPU resident, on the card)",
).choices(["mapped", "resident"]);
export const figuresOption: Option = new Option(
  "--figures",
  "write every figure as SVG and PNG into figures/, too",
).default(false);
export const flipsOption: Option = new Option(
  "--flips <n>",
  `random sign flips of the null, or exact for all of them (up to ${MOST_PAIRS_ENUMERATED} pairs)`,
)
  .argParser(flips)
  .default(DEFAULT_FLIPS);
export const acceptChangedOption: Option = new Option(
  "--accept-changed-captures",
  "also read captures whose hash is not the manifest's; the results then say so",
).default(false);
export const quietOption: Option = new Option("--quiet", "no progress on stderr, only warnings").default(
  false,
);
const textEncoderLayersOption: Option = new Option(
  "--text-encoder-layers <n,...>",
  "layers of the text encoder, from 1 on, whose hidden states make an embedding (default: 9,18,27)",
).argParser(layers);
const ropeOption: Option = new Option(
  "--rope-frequencies <type>",
  "precision of the text encoder's rotary frequencies: float32, as from_pretrained keeps them, or bfloat16, as a model that was cast as a whole has them",
)
  .choices(["float32", "bfloat16"])
  .default("float32");
const threadsOption: Option = new Option(
  "--threads <n>",
  "threads within an operator (default: OMP_NUM_THREADS, else the processors left to this process, else all cores)",
).argParser(integer(1));

const componentOptions: readonly Option[] = [
  new Option(
    "--transformer <which>",
    "a transformer in the checkpoint's place: a file, also of the makers' layout, or a folder",
  ),
  new Option("--text-encoder <which>", "the same for the text encoder"),
  new Option("--vae <which>", "the same for the autoencoder"),
  new Option(
    "--lora <file[:scale]>",
    "an adapter (LoRA) of the transformer and the weight that it takes part with, 1 by default; may be repeated",
  ).argParser(lora),
];

/** Adds the options of models that are given as files of their own. */
export function addComponentOptions(command: Command): Command {
  return componentOptions.reduce((extended, option) => extended.addOption(option), command);
}

/** Adds the options of the commands that compute something more of a complete run, on its checkpoint. */
export function addToRunOptions(command: Command): Command {
  const placed = command.option(
    "--checkpoint <which>",
    "where the run's checkpoint is now (default: where it was)",
  );
  return addComponentOptions(placed)
    .addOption(offlineOption)
    .addOption(threadsOption)
    .option("--json", "print the result as JSON on stdout", false)
    .addOption(quietOption);
}

/** Adds the options of how models compute, which every command that renders or captures has. */
export function addModelOptions(command: Command): Command {
  const options = [
    textEncoderLayersOption,
    ropeOption,
    deviceOption,
    dtypeOption,
    weightsOption,
    threadsOption,
  ];
  return options.reduce((extended, option) => extended.addOption(option), command);
}
