import type { Manifest, RunFolder } from "@measure-plantain/probe";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { previewImage } from "./page/preview-image.ts";
import { renderReport } from "./page/report-html.ts";
import type { FolderResults } from "./statistics/analyze-folder.ts";
import type { RunResults } from "./statistics/analyze-run.ts";
import { commandsOf, type FormatCommands } from "./summary/describe-results.ts";
import { listPlants } from "./summary/list-plants.ts";
import { summarize } from "./summary/summarize.ts";

/** The report of a run folder, with its fixed image, its controls and what was ablated. */
export async function formatRunPage(
  run: RunFolder,
  results: FolderResults & Partial<RunResults>,
  commands?: FormatCommands,
): Promise<string> {
  const { manifest, analysis, context, ablation, controls = [] } = results;
  const [image] = manifest.settings.references;
  const reference = image !== undefined && existsSync(run.file("reference.png"));
  const prompt = image?.kind === "generated" ? { prompt: image.prompt } : {};
  return renderReport({
    analysis,
    context,
    manifest: withoutTimings(manifest),
    command: commandsOf(results, commands),
    controls: controls
      .filter(({ plant }) => plant === null)
      .map(({ name, results: control }) => ({
        name,
        summary: summarize(control.analysis, control.context),
      })),
    plants: listPlants(controls),
    ablation,
    ...(reference && {
      reference: { ...(await previewImage(await readFile(run.file("reference.png")))), ...prompt },
    }),
  });
}

/** The manifest without what differs each time that the same is run: timings, memory, and why a device was chosen. */
function withoutTimings({ execution: { device, provider }, ...manifest }: Manifest): object {
  return { ...manifest, execution: { device, provider }, stages: undefined };
}
