import type { Manifest, RunFolder } from "@measure-plantain/probe";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { previewImage } from "./preview-image.ts";
import { previewSteering } from "./preview-steering.ts";
import { renderReport } from "./report-html.ts";
import type { RunResults } from "../statistics/run-results.ts";
import { commandsOf, type FormatCommands } from "../text/describe-results.ts";
import { listPlants } from "../summary/list-plants.ts";

/** The report of a run folder, with its fixed image, its controls, what was ablated and what was steered. */
export async function formatRunPage(
  run: RunFolder,
  results: RunResults,
  commands?: FormatCommands,
): Promise<string> {
  const { manifest, analysis, summary, ablation, steering, controls } = results;
  const [image] = manifest.settings.references;
  const reference = image !== undefined && existsSync(run.file("reference.png"));
  const prompt = image?.kind === "generated" ? { prompt: image.prompt } : {};
  return renderReport({
    analysis,
    summary,
    manifest: withoutTimings(manifest),
    command: commandsOf(results, commands),
    plants: listPlants(controls),
    ablation,
    steering: steering && (await previewSteering(run, steering)),
    ...(reference && {
      reference: { ...(await previewImage(await readFile(run.file("reference.png")))), ...prompt },
    }),
  });
}

/** The manifest without what differs each time that the same is run: timings, memory, and why a device was chosen. */
function withoutTimings({ execution: { device, provider }, ...manifest }: Manifest): object {
  return { ...manifest, execution: { device, provider }, stages: undefined };
}
