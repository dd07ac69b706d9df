import type { Command } from "commander";
import { listCache, removeFromCache } from "../commands/cache.ts";
import { doctor, type DoctorOptions } from "../commands/doctor.ts";
import { integer } from "../terminal/option-values.ts";
import { controlOption, offlineOption, promptsOption } from "../terminal/shared-options.ts";

/** What is about this machine: `doctor` and `cache`. */
export function declareMachine(program: Command, interruption: AbortSignal): void {
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

  const cache = program
    .command("cache")
    .description(
      "list or remove what runs made in the cache folder: checkpoints, weights converted for WebGPU or from GGUF",
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
    .option("--converted", "all weights that were converted for WebGPU or from GGUF", false)
    .action((names: string[], options: { converted: boolean }) => removeFromCache(names, options));
}
