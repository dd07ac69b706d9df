import type { ComponentFiles } from "@measure-plantain/flux-runtime";
import type { GranularityName } from "../captures/granularities.ts";
import type { PlanRecord } from "./plan-record.ts";
import type { SettingOptions } from "../settings/choose-settings.ts";
import type { CheckpointChange } from "../settings/probed-checkpoint.ts";
import type { ProbeSettings } from "../settings/settings.ts";

/** The settings that a plan leaves open: they say where and how fast a run is computed, not what is asked. */
export const freeSettings = ["device", "dtype", "weights", "batch", "threads"] as const;
/** A setting that a plan leaves open. */
export type FreeSetting = (typeof freeSettings)[number];

/** The settings that a plan fixes. */
export type PlannedSettings = Omit<ProbeSettings, FreeSetting | "shard">;

/** What is computed from the captures. */
export interface PlannedStatistics {
  /** Of |t|; units over each are counted. */
  readonly thresholds: readonly number[];
  /** How many random sign flips make the null, or all of them. */
  readonly flips: number | "exact";
  /** Of the random sign flips. */
  readonly seed: number;
}

/** A control that is to be run. */
export interface PlannedControl {
  /** Of its folder, as `random-weights-1`. */
  readonly name: string;
  /** Of its prompts; those of the run itself if only the weights are changed. */
  readonly promptSetSha256: string;
  /** How its weights are made from the run's, if they are. */
  readonly change?: Pick<CheckpointChange, "kind" | "seed">;
}

/**
 * One condition of a decision that a program can check:
 *
 * - `count`: the number of units over the threshold is above the 99th percentile of its null;
 * - `family-wise`: the family-wise p of at least one unit is at most `alpha`;
 * - `control-difference`: more units are over the threshold in the run than in the control, and the p of the units over it by
 *   the difference of both contrasts, pair by pair, is at most `alpha`;
 * - `control-count`: more units are over the threshold in the run than in the control.
 */
export type Criterion =
  | {
      readonly kind: "count";
      readonly granularity: GranularityName;
      readonly threshold: number;
      readonly above: "null-p99";
    }
  | { readonly kind: "family-wise"; readonly granularity: GranularityName; readonly alpha: number }
  | {
      readonly kind: "control-difference";
      readonly control: string;
      readonly granularity: GranularityName;
      readonly threshold: number;
      readonly alpha: number;
    }
  | {
      readonly kind: "control-count";
      readonly control: string;
      readonly granularity: GranularityName;
      readonly threshold: number;
    };

/** How it will be decided. */
export interface PlannedDecision {
  /** The rule is met if every one of them is. */
  readonly criteria: readonly Criterion[];
  /** What the planner says of it in words; no program checks it. */
  readonly text: readonly string[];
}

/** How the fixed images were asked for. */
export type PlannedReferences = Pick<
  SettingOptions,
  "referenceFiles" | "referenceCount" | "referenceSeed" | "referenceSteps" | "referenceGuidance"
>;

/** How the planner found what will be run, for whoever looks for it again: names, and paths as they were given. */
export interface PlanSources extends ComponentFiles {
  /** As `resolveCheckpoint` takes it. */
  readonly checkpoint: string;
  /** As `loadPromptSet` takes it. */
  readonly prompts: string;
  /** As `parseControls` takes them. */
  readonly controls: readonly string[];
  /** As `planProbe` takes them. */
  readonly references: PlannedReferences;
  /** The list of words of the audit, if one was given. */
  readonly wordCounts?: string;
}

/** `plan.json`: what will be run and how it will be decided, written down before anything is captured. */
export interface PlanFile {
  /** Of this form. */
  readonly schemaVersion: 1;
  /** ISO 8601, by the clock of the machine that planned. */
  readonly createdAt: string;
  /** Versions, by package name. */
  readonly packages: Readonly<Record<string, string>>;
  /** What the captured numbers will depend on. */
  readonly settings: PlannedSettings;
  /** What the run may choose. */
  readonly free: readonly FreeSetting[];
  /** What will be computed from the captures. */
  readonly statistics: PlannedStatistics;
  /** What will be run next to it. */
  readonly controls: readonly PlannedControl[];
  /** How it will be decided. */
  readonly decision: PlannedDecision;
  /** Where prompts, weights and controls were found; what they are, the settings and hashes say. */
  readonly sources: PlanSources;
}

/** A plan with the bytes that it was read from. */
export interface StoredPlan {
  /** What it says. */
  readonly plan: PlanFile;
  /** The file as it is. */
  readonly text: string;
  /** Of the file. */
  readonly sha256: string;
}

/** The copy of the plan in the folder of a planned run. */
export const PLAN_FILE = "plan.json";

/** What the manifest says of a plan. */
export function recordPlan({ plan, sha256 }: StoredPlan): PlanRecord {
  return { sha256, createdAt: plan.createdAt };
}
