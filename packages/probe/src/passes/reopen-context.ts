import type { Checkpoint, RuntimeOptions } from "@measure-plantain/flux-runtime";
import { mkdir } from "node:fs/promises";
import type { ProbeContext } from "./probe-context.ts";
import { createStageClock } from "./stage-clock.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import type { Reporter } from "../reporter.ts";

export interface ReopenContextOptions {
  readonly folder: RunFolder;
  readonly manifest: Pick<Manifest, "settings" | "promptSet">;
  readonly checkpoint: Checkpoint;
  /** The pairs to work on; all of them where absent. */
  readonly pairs?: readonly number[];
  readonly reporter: Reporter;
  readonly runtime: RuntimeOptions;
}

/** The context in which passes of a run that is complete are run again, with the run's own settings. */
export async function reopenContext({
  folder,
  manifest: { settings, promptSet },
  checkpoint,
  pairs = [...promptSet.pairs.keys()],
  reporter,
  runtime,
}: ReopenContextOptions): Promise<ProbeContext> {
  await mkdir(folder.file("cache"), { recursive: true });
  return { checkpoint, promptSet, settings, pairs, folder, reporter, clock: createStageClock(), runtime };
}
