import { writeSafetensors, type Checkpoint, type RuntimeOptions } from "@measure-plantain/flux-runtime";
import { unitRecords, type UnitLayout } from "@measure-plantain/head-hooks";
import { promptImages, type PromptSet, type PromptSetAudit } from "@measure-plantain/prompts";
import { cpus } from "node:os";
import { describePlacement } from "./describe-placement.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { joinPasses } from "../run-folder/pass-files.ts";
import { RunFolder } from "../run-folder/run-folder.ts";
import type { Progress } from "measure-plantain";
import { packageVersions } from "./package-versions.ts";
import { capturePasses } from "./capture-passes.ts";
import { encodeConditions } from "./encode-conditions.ts";
import { encodePrompts } from "./encode-prompts.ts";
import type { ProbeContext } from "./probe-context.ts";
import { prepareReferences } from "./prepare-references.ts";
import { listReplicates } from "../settings/replicates.ts";
import type { ProbeSettings } from "../settings/settings.ts";
import { shardPairs } from "../settings/shard.ts";
import { createStageClock } from "./stage-clock.ts";

export interface RunProbeOptions {
  readonly checkpoint: Checkpoint;
  readonly isSynthesizedCheckpoint: boolean;
  readonly promptSet: PromptSet;
  readonly prompts: Manifest["prompts"];
  readonly audit: PromptSetAudit;
  /** If the prompts of the fixed images do not fit the token sequence. */
  readonly cutRenderPrompts?: Manifest["cutRenderPrompts"];
  /** The list of words that the audit went by, where one was given. */
  readonly wordCounts?: Manifest["wordCounts"];
  readonly settings: ProbeSettings;
  /** The run folder's path. */
  readonly out: string;
  /** The fixed images, where files are given for them. */
  readonly referenceFiles: readonly string[];
  /** Whether the manifest is to tell on which provider each node ran. */
  readonly tracePlacement?: boolean;
  readonly execution: Manifest["execution"];
  readonly progress: Progress;
  readonly runtime: RuntimeOptions;
}

/**
 * From a checkpoint and a prompt set to a run folder with its captures: reference, prompt embeddings, one pass for each
 * prompt, everything joined. A folder that a killed run left is continued; a complete one is left as it is.
 *
 * @returns The folder, into which no other process writes until it is closed.
 */
export async function runProbe(options: RunProbeOptions): Promise<RunFolder> {
  const folder = await RunFolder.openForRun(options.out, options.settings, options.wordCounts);
  try {
    await captureRun(folder, options);
    return folder;
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function captureRun(folder: RunFolder, options: RunProbeOptions): Promise<void> {
  const { checkpoint, promptSet, wordCounts, settings, progress, runtime, referenceFiles } = options;
  const pairs = shardPairs(promptSet.pairs.length, settings.shard);
  const before = await folder.readManifest().catch(() => null);
  if (before?.state === "complete") {
    progress.note(`${folder.path} is complete: its captures are used as they are.`);
    await folder.removeWorkFiles(); // of a run that was killed at its very end
    return;
  }

  const clock = createStageClock(options);
  const startedAt = before?.startedAt ?? new Date().toISOString();
  const writeManifest = async (state: Manifest["state"], layout: UnitLayout | null): Promise<void> => {
    await folder.writeJson("manifest.json", {
      schemaVersion: 1,
      state,
      packages: packageVersions(),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      processor: { model: cpus()[0]?.model.trim() ?? "unknown", logicalCores: cpus().length },
      isSynthesizedCheckpoint: options.isSynthesizedCheckpoint,
      settings,
      promptSet,
      prompts: options.prompts,
      audit: options.audit,
      ...(options.cutRenderPrompts && { cutRenderPrompts: options.cutRenderPrompts }),
      ...(wordCounts && { wordCounts }),
      layout,
      capturesSha256: layout === null ? null : await folder.sha256("captures.safetensors"),
      execution: options.execution,
      startedAt,
      finishedAt: state === "complete" ? new Date().toISOString() : null,
      stages: [...(before?.stages ?? []), ...clock.records],
    } satisfies Manifest);
  };
  await writeManifest("running", null);

  const context: ProbeContext = { checkpoint, promptSet, settings, pairs, folder, progress, clock, runtime };
  const referencePaths = await prepareReferences(context, referenceFiles);
  await encodePrompts(context);
  await writeManifest("running", null);
  const sideImages = pairs.flatMap((index) => {
    const pair = promptSet.pairs[index];
    return pair === undefined ? [] : [...promptImages(pair.a), ...promptImages(pair.b)];
  });
  const images = await encodeConditions(context, [...referencePaths, ...sideImages]);
  const references = referencePaths.flatMap((path) => images.get(path) ?? []);
  const layout = await capturePasses(context, { references, images });

  await folder.writeJson("units.json", unitRecords(layout));
  const tensors = await joinPasses(folder, pairs, listReplicates(settings).length);
  await writeSafetensors(
    folder.file("captures.safetensors"),
    [...tensors].map(([name, tensor]) => ({ name, ...tensor })),
  );
  await writeManifest("complete", layout);
  for (const line of describePlacement(clock.records, options.execution.provider)) progress.note(line);
  await folder.removeWorkFiles();
}
