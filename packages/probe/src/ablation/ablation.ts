import type { ComputeType, Device } from "@measure-plantain/flux-runtime";

/** Among which units of a run the strongest are ablated. */
export const ablationGranularities = ["group", "head", "mlp"] as const;
/** What a unit of an ablation is. */
export type AblationGranularity = (typeof ablationGranularities)[number];

/** What is put in the place of an ablated unit. */
export const ablationMethods = ["zero", "mean", "resample"] as const;
/**
 * What is put in the place of an ablated unit, channel by channel, at every token: `zero`; the `mean` over the tokens of all
 * prompts of the pairs that rank; or, to `resample`, the mean over the tokens of one such prompt, drawn for each tested pair.
 */
export type AblationMethod = (typeof ablationMethods)[number];

/** By which pairs the units can be ranked. */
export const ablationRankings = ["half", "all"] as const;
/**
 * By which pairs the units are ranked: each `half` of the pairs ranks for the other, or `all` rank for all, which is circular:
 * the units are then tried on the pairs that they were chosen by.
 */
export type AblationRanking = (typeof ablationRankings)[number];

/** Everything that the numbers of an ablation depend on, in addition to the run itself. */
export interface AblationSettings {
  /** What a unit is. */
  readonly granularity: AblationGranularity;
  /** What is put in a unit's place. */
  readonly method: AblationMethod;
  /** By which pairs the units are ranked. */
  readonly rankBy: AblationRanking;
  /** How many of the strongest units by |t|, for each set of them that is ablated. */
  readonly top: readonly number[];
  /** One more set: units or heads by address. */
  readonly units: readonly string[];
  /** How many random sets each is compared with. */
  readonly random: number;
  /** Seed of the random sets, of the halves and of the passes that are resampled. */
  readonly seed: number;
  /** Indices of the tested pairs, in the run's prompt set. */
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
    "‖Δ′ − Δ‖ / ‖Δ‖, where Δ is the predicted velocity of the noise tokens under b minus that under a, and Δ′ the same with the set's units ablated: how much of the contrast goes through the set; p counts sets that move it as much",
  contrastSize:
    "‖Δ′‖ / ‖Δ‖ − 1: by how much the contrast grows or, below 0, shrinks without the set; p counts sets that shrink it as much",
  disturbance:
    "‖v′ − v‖ / ‖v‖, the mean of both conditions: how much the prediction changes without the set, whatever the prompt; p counts sets that change it as much",
};

/** What happens without a set of units; each array has one value for each pair, in the order of the settings' pairs. */
export interface SetEffects extends Readonly<Record<AblationStatistic, readonly number[]>> {
  /** Addresses, for each fold of the pairs: each half has chosen a set for the other. */
  readonly units: readonly (readonly string[])[];
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
  /** How many units it has. */
  readonly size: number;
  /** What happens without it. */
  readonly set: SetEffects;
  /** Each as many units of the same blocks and kinds; the sets of two halves share as many units as those of the set do. */
  readonly random: readonly SetEffects[];
  /** The set against the random ones, by each statistic. */
  readonly tests: Readonly<Record<AblationStatistic, SetTest>>;
}

/** Which pairs ranked the units, and which these were tried on, by id. */
export interface AblationFold {
  /** The pairs that ranked the units, and whose prompts gave what was put in a unit's place. */
  readonly rankedBy: readonly string[];
  /** The pairs that the sets were tried on; empty if none of them was asked for. */
  readonly tested: readonly string[];
}

/** The prompt that gave what was put in the place of a pair's units. */
export interface ResampledFrom {
  /** Of which pair. */
  readonly pairId: string;
  /** Under which condition. */
  readonly condition: "a" | "b";
}

/** `ablation.json`. */
export interface Ablation {
  /** Of this form. */
  readonly schemaVersion: 2;
  /** Of the run's `captures.safetensors`, by which the units were ranked. */
  readonly capturesSha256: string | null;
  /** What the numbers depend on. */
  readonly settings: AblationSettings;
  /** The pairs that were run, in the order of the arrays. */
  readonly pairIds: readonly string[];
  /** Two halves, each of which ranked for the other, or one fold in which all pairs did both. */
  readonly folds: readonly AblationFold[];
  /** For each pair, where what was resampled came from; `null` with another method. */
  readonly resampledFrom: readonly ResampledFrom[] | null;
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
