import type { Device } from "@measure-plantain/flux-runtime";
import type { UnitLayout } from "@measure-plantain/head-hooks";
import type { PromptSet, PromptSetAudit } from "@measure-plantain/prompts";
import type { CutPrompts } from "../audit/cut-prompts.ts";
import type { WordCountsRecord } from "../audit/word-counts.ts";
import type { PlanRecord } from "../plan-file/plan-record.ts";
import type { PromptsRecord } from "../settings/prompts-record.ts";
import type { ProbeSettings } from "../settings/settings.ts";

/** How long a stage took and how much memory its processes held at most. */
export interface StageRecord {
  /** As `encode prompts`. */
  readonly stage: string;
  /** Of wall-clock time. */
  readonly seconds: number;
  /** Bytes; of the process that ran the model, 0 if none did. */
  readonly peakPrivateMemory: number;
  /** Bytes, likewise. */
  readonly peakResidentMemory: number;
  /** If it was traced: on each execution provider, how many nodes of each operator ran, over all models of the stage. */
  readonly placement?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** `manifest.json`: what a run is, for people and for the program that goes on with it. */
export interface Manifest {
  /** Of this form. */
  readonly schemaVersion: 1;
  /** `complete` once the captures are. */
  readonly state: "running" | "complete";
  /** Versions, by package name. */
  readonly packages: Readonly<Record<string, string>>;
  /** The version of Node. */
  readonly node: string;
  /** Operating system and architecture, as `linux-x64`. */
  readonly platform: string;
  /** Of the machine that began the run. */
  readonly processor: { readonly model: string; readonly logicalCores: number };
  /** Whether the weights are random, whatever their shape. */
  readonly isSynthesizedCheckpoint: boolean;
  /** Everything that the captured numbers depend on. */
  readonly settings: ProbeSettings;
  /** How many shards were merged into this run, if it was not run as one. */
  readonly mergedShards?: number;
  /** The pairs themselves. */
  readonly promptSet: PromptSet;
  /** How the prompts were asked for. */
  readonly prompts: PromptsRecord;
  /** Under the tokenizer of the checkpoint. */
  readonly audit: PromptSetAudit;
  /** If the prompts that its fixed images were rendered from did not fit the token sequence. */
  readonly cutRenderPrompts?: CutPrompts | undefined;
  /** The list of words that the audit used, if one was given. */
  readonly wordCounts?: WordCountsRecord | undefined;
  /** The plan that the run began with, if it had one; `plan.json` is a copy of it. */
  readonly plan?: PlanRecord | undefined;
  /** Which unit has which place in the captures; `null` until they are complete. */
  readonly layout: UnitLayout | null;
  /** SHA-256 of `captures.safetensors`; `null` until it is complete. */
  readonly capturesSha256: string | null;
  /** Where the passes run, and why there. */
  readonly execution: { readonly device: Device; readonly provider: string; readonly why: string };
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601; `null` until the run is complete. */
  readonly finishedAt: string | null;
  /** What each stage cost, in their order. */
  readonly stages: readonly StageRecord[];
}
