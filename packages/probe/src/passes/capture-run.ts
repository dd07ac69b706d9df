import { writeSafetensors } from "@measure-plantain/flux-runtime";
import { unitRecords, type UnitLayout } from "@measure-plantain/head-hooks";
import { cpus } from "node:os";
import { describeCutPairs, describeCutRenderPrompts } from "../audit/cut-prompts.ts";
import { PLAN_FILE, recordPlan, type StoredPlan } from "../plan-file/plan-file.ts";
import type { ProbePlan } from "../plan-probe.ts";
import type { Reporter } from "../reporter.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { joinPasses } from "../run-folder/pass-files.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { listReplicates } from "../settings/replicates.ts";
import { shardPairs } from "../settings/shard.ts";
import { capturePasses } from "./capture-passes.ts";
import { compareEmbeddings } from "./compare-embeddings.ts";
import { describePlacement } from "./describe-placement.ts";
import { encodeConditions } from "./encode-conditions.ts";
import { embedPrompts } from "./embed-prompts.ts";
import { packageVersions } from "./package-versions.ts";
import { prepareReferences } from "./prepare-references.ts";
import type { ProbeContext } from "./probe-context.ts";
import { runtimeOptions } from "./runtime-options.ts";
import { createStageClock } from "./stage-clock.ts";

/** The stages that {@link captureRun} reports: fixed images, prompts, passes. */
export const STAGES_OF_RUN = 3;

/** Who watches a run, and how it is ended. */
export interface CaptureOptions {
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
  /** The plan that the run follows, which its folder gets a copy of. */
  readonly stored?: StoredPlan | undefined;
}

/**
 * From a plan to a run folder with its captures: fixed images, prompt embeddings, one pass for each prompt, everything
 * joined. A folder that a killed run left is continued; a complete one is left as it is.
 */
export async function captureRun(
  plan: ProbePlan,
  folder: RunFolder,
  { reporter, signal, stored }: CaptureOptions,
): Promise<void> {
  const { promptSet, settings, audit, execution, options } = plan;
  const { checkpoint, isSynthesized } = plan.checkpoint;
  for (const change of audit.changes) reporter.note(`Prompt set: ${change}`);
  for (const sentence of describeCutPairs(audit)) reporter.warn(sentence);
  if (plan.cutRenderPrompts !== null) reporter.warn(describeCutRenderPrompts(plan.cutRenderPrompts));
  const before = await folder.readManifest().catch(() => null);
  if (before?.state === "complete") {
    reporter.note(`${folder.path} is complete: its captures are used as they are.`);
    for (let stage = 0; stage < STAGES_OF_RUN; stage += 1) reporter.next();
    await folder.removeWorkFiles(); // of a run that was killed at its very end
    return;
  }

  const clock = createStageClock({ tracePlacement: options.tracePlacement });
  const startedAt = before?.startedAt ?? new Date().toISOString();
  const writeManifest = async (state: Manifest["state"], layout: UnitLayout | null): Promise<void> => {
    await folder.writeJson("manifest.json", {
      schemaVersion: 1,
      state,
      packages: packageVersions(options.program),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      processor: { model: cpus()[0]?.model.trim() ?? "unknown", logicalCores: cpus().length },
      isSynthesizedCheckpoint: isSynthesized,
      settings,
      promptSet,
      prompts: options.prompts ?? { argument: promptSet.name },
      audit,
      ...(plan.cutRenderPrompts && { cutRenderPrompts: plan.cutRenderPrompts }),
      ...(options.wordCounts && { wordCounts: options.wordCounts.record }),
      ...(stored && { plan: recordPlan(stored) }),
      layout,
      capturesSha256: layout === null ? null : await folder.sha256("captures.safetensors"),
      execution,
      startedAt,
      finishedAt: state === "complete" ? new Date().toISOString() : null,
      stages: [...(before?.stages ?? []), ...clock.records],
    } satisfies Manifest);
  };
  await writeManifest("running", null);
  if (stored !== undefined) await folder.write(PLAN_FILE, stored.text);

  const pairs = shardPairs(promptSet.pairs.length, settings.shard);
  const runtime = runtimeOptions(settings, { signal, onConvertWeights: reporter.within() });
  const context: ProbeContext = { checkpoint, promptSet, settings, pairs, folder, reporter, clock, runtime };
  reporter.next();
  await prepareReferences(context, options.referenceFiles ?? []);
  reporter.next();
  await embedPrompts(context);
  await writeManifest("running", null);
  reporter.next();
  const layout = await capturePasses(context, await encodeConditions(context));

  await folder.writeJson("units.json", unitRecords(layout));
  const passes = await joinPasses(folder, pairs, listReplicates(settings).length);
  const tensors = new Map([...passes, ...(await compareEmbeddings(context))]);
  await writeSafetensors(
    folder.file("captures.safetensors"),
    [...tensors].map(([name, tensor]) => ({ name, ...tensor })),
  );
  await writeManifest("complete", layout);
  for (const line of describePlacement(clock.records, execution.provider)) reporter.note(line);
  await folder.removeWorkFiles();
}
