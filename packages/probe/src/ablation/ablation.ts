import type { ComputeType, Device } from "@measure-plantain/flux-runtime";

/** Among which units of a run the strongest are ablated. */
export const ablationGranularities = ["group", "head", "mlp"] as const;
/** What a unit of an ablation is. */
export type AblationGranularity = (typeof ablationGranularities)[number];

/** Everything that the numbers of an ablation depend on, in addition to the run itself. */
export interface AblationSettings {
  /** What a unit is. */
  readonly granularity: AblationGranularity;
  /** How many of the strongest units by |t|, for each set of them that is ablated. */
  readonly top: readonly number[];
  /** One more set: units or heads by address. */
  readonly units: readonly string[];
  /** How many random sets each is compared with. */
  readonly random: number;
  /** Seed of the random sets. */
  readonly seed: number;
  /** Indices of the pairs, in the run's prompt set. */
  readonly pairs: readonly number[];
  /** Where the passes run. */
  readonly device: Device;
  /** Of the arithmetic. */
  readonly dtype: ComputeType;
}

/** The statistics of an ablation. The first is the one that decides; the others say what it may be owed to. */
export const ablationStatistics = ["contrastMoved", "contrastSize", "disturbance"] as const;
/** By what an ablation is measured. */
export type AblationStatistic = (typeof ablationStatistics)[number];

/** What each statistic is, as `ablation.json` and the report tell it. */
export const ablationDefinitions: Readonly<Record<AblationStatistic, string>> = {
  contrastMoved:
    "‖Δ′ − Δ‖ / ‖Δ‖, where Δ is the predicted velocity of the noise tokens under b minus that under a, and Δ′ the same with the set's units at 0: how much of the contrast goes through the set; p counts sets that move it as much",
  contrastSize:
    "‖Δ′‖ / ‖Δ‖ − 1: by how much the contrast grows or, below 0, shrinks without the set; p counts sets that shrink it as much",
  disturbance:
    "‖v′ − v‖ / ‖v‖, the mean of both conditions: how much the prediction changes without the set, whatever the prompt; p counts sets that change it as much",
};

/** What happens without a set of units; each array has one value for each pair, in the order of the settings' pairs. */
export interface SetEffects extends Readonly<Record<AblationStatistic, readonly number[]>> {
  /** Addresses. */
  readonly units: readonly string[];
}

/** A set's mean over the pairs against those of the random sets. */
export interface SetTest {
  /** The set's mean over the pairs. */
  readonly observed: number;
  /** The mean of the random sets' means. */
  readonly nullMean: number;
  /** The least of the random sets' means. */
  readonly nullMinimum: number;
  /** The greatest of the random sets' means. */
  readonly nullMaximum: number;
  /** (sets at least as far + 1) / (random sets + 1). */
  readonly p: number;
}

/** One ablated set and the random sets that it is compared with. */
export interface SetAblation {
  /** `top 8`, or `named`. */
  readonly name: string;
  /** What happens without it. */
  readonly set: SetEffects;
  /** Each as many units of the same blocks and kinds. */
  readonly random: readonly SetEffects[];
  /** The set against the random ones, by each statistic. */
  readonly tests: Readonly<Record<AblationStatistic, SetTest>>;
}

/** `ablation.json`. */
export interface Ablation {
  /** Of this form. */
  readonly schemaVersion: 1;
  /** Of the run's `captures.safetensors`, which the units were ranked by. */
  readonly capturesSha256: string | null;
  /** What the numbers depend on. */
  readonly settings: AblationSettings;
  /** The pairs that were run, in the order of the arrays. */
  readonly pairIds: readonly string[];
  /** What each statistic is, in words. */
  readonly definitions: Readonly<Record<AblationStatistic, string>>;
  /** ‖Δ‖ without ablation, for each pair. */
  readonly contrastNorms: readonly number[];
  /** The mean of both ‖v‖ without ablation, for each pair. */
  readonly velocityNorms: readonly number[];
  /** By how much the root mean squares of the passes without ablation differ at most from the run's, relatively. */
  readonly deviationFromRun: number;
  /** The ablated sets. */
  readonly sets: readonly SetAblation[];
}

/** The file in the run folder. */
export const ABLATION_FILE = "ablation.json";
