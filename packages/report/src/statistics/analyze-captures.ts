import {
  type Matrix,
  pairedDifference,
  pairedT,
  signFlipNull,
  type SignFlipNullOptions,
} from "@measure-plantain/paired-stats";
import { type BlockResult, rankBlocks, RANKING_WEIGHT, type StrongestBlockResult } from "./block-results.ts";
import {
  type SegmentName,
  segmentNames,
  type Captures,
  type Granularity,
  type Replicate,
  splitByGranularity,
} from "@measure-plantain/probe";
import type { CrossedCells } from "@measure-plantain/prompts";
import { analyzeAxis, type AxisResult } from "./axis/analyze-axis.ts";
import { analyzeCells, type CrossedResult } from "./crossed/crossed-result.ts";
import { correctP } from "./corrected-p.ts";
import { DEFAULT_STATISTICS } from "./default-statistics.ts";
import { divideProgress, DONE, type OnShare } from "./divide-progress.ts";
import { followGrades } from "./grade-results.ts";
import { analyzeRepetitions, type RepetitionsResult } from "./repetition-results.ts";
import { analyzeReplicates, readRepetitions, type ReplicateResult } from "./replicate-results.ts";
import type { GranularityResult } from "./granularity-result.ts";
import { compareHalves, type HalvesResult } from "./reliability.ts";
import { examineTopUnits, type TopUnitsResult } from "./top-units.ts";
import { itemAt, valueAt } from "../reading.ts";

/** How captures are analysed. */
export interface AnalysisOptions {
  /** Units are counted whose |t| is strictly greater; the first one ranks the blocks. */
  readonly thresholds?: readonly number[];
  /** How many random sign flips make the null, or all of them. */
  readonly flips?: number | "exact";
  /** Seed of the random sign flips. */
  readonly seed?: number;
  /** The grade of each captured pair, in their order; `null` if the prompt set is not graded. */
  readonly grades?: readonly number[] | null;
  /** Which side of a pair shows which cell; `null` if the prompt set is not crossed. */
  readonly cells?: CrossedCells | null;
  /** Under what each captured repetition was run, in their order; by default they are not compared by image and noise. */
  readonly replicates?: readonly Replicate[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnShare | undefined;
}

/** The statistics of a probe run. */
export interface Analysis {
  /** How many were captured. */
  readonly pairs: number;
  /** Units are counted whose |t| is strictly greater. */
  readonly thresholds: readonly number[];
  /** How many random sign flips make the null, or all of them. */
  readonly flips: number | "exact";
  /** Of the random sign flips. */
  readonly seed: number;
  /** The grade of each pair; `null` if the prompt set is not graded. */
  readonly grades: readonly number[] | null;
  /** `group`, `head`, `mlp`, `to_add_out`, each if the layout has such units. */
  readonly granularities: readonly GranularityResult[];
  /** The threshold of |t| that ranks the blocks: the first one. */
  readonly blockThreshold: number;
  /** The blocks by their groups over that threshold, strongest first. */
  readonly blocks: readonly BlockResult[];
  /** Whether the first block is the strongest beyond chance and whichever pairs were measured; `null` if nothing varies. */
  readonly strongestBlock: StrongestBlockResult | null;
  /** Whether one half of the pairs shows the same groups as the other; `null` if that cannot be said. */
  readonly halves: HalvesResult | null;
  /** What the strongest groups and heads of one half of the pairs show in the other; empty if that cannot be said. */
  readonly topUnits: readonly TopUnitsResult[];
  /** The groups over one part of the tokens each; empty if the parts were not captured. */
  readonly segments: readonly SegmentResult[];
  /** What each repetition shows alone; empty if every pass was run once. */
  readonly replicates: readonly ReplicateResult[];
  /** The graded factor apart from the others; `null` if the prompt set is not crossed. */
  readonly crossed: CrossedResult | null;
  /** Whether the pairs differ along one direction; empty if signed means were not captured. */
  readonly axis: readonly AxisResult[];
  /** ‖e_b − e_a‖ of each pair's prompt embeddings; `null` if the run did not store it. */
  readonly embeddingDistances: readonly number[] | null;
  /** What they show by image, noise and noise level; `null` if every pass was run once, or if nothing is known of them. */
  readonly repetitions: RepetitionsResult | null;
}

/** The groups over one part of the tokens. A group that sees none of them does not vary, and is not tested. */
export interface SegmentResult {
  /** Which tokens. */
  readonly name: SegmentName;
  /** The statistics of the groups over these tokens. */
  readonly groups: GranularityResult;
}

/** The threshold that ranks the blocks where none is given. */
const DEFAULT_THRESHOLD = 3;

/**
 * Computes every statistic of a probe run from its captures: per granularity the paired t of each unit's root mean
 * square (b − a) and the sign-flip null of the counts over the thresholds and of the greatest |t|.
 *
 * All granularities are tested against the same labellings. Where the pairs are graded, each unit's difference is held
 * against the grades, too.
 *
 * @throws RangeError if captures and layout, or pairs and grades, do not fit; PairedStatsError for values that are not finite, fewer than two
 *   pairs, or options out of range. An aborted signal rejects with its reason.
 */
export async function analyzeCaptures(
  captures: Captures,
  {
    thresholds = DEFAULT_STATISTICS.thresholds,
    flips = DEFAULT_STATISTICS.flips,
    seed = DEFAULT_STATISTICS.seed,
    grades = null,
    cells = null,
    replicates,
    signal,
    onProgress,
  }: AnalysisOptions = {},
): Promise<Analysis> {
  checkGrades(grades, captures);
  const options = { thresholds, flips, seed, signal };
  const parts = splitByGranularity(captures);
  const segmentParts = splitSegments(captures);
  const ofTokens = segmentParts.map(({ groups }) => groups);
  const groupUnits = parts.find(({ name }) => name === "group")?.records.length ?? 0;
  const [ofParts, ofBlocks, ofHalves, ofSegments, ofCells, ofAxis] = divideProgress(onProgress, [
    sum(weighParts(parts, { flips, grades })),
    groupUnits * RANKING_WEIGHT,
    groupUnits / 10,
    sum(weighParts(ofTokens, { flips, grades: null })),
    cells === null ? 0 : 20 * groupUnits,
    captures.signed === undefined ? 0 : 5 * groupUnits,
  ]);
  const granularities = await analyzeParts(parts, { ...options, grades, onProgress: ofParts });
  const blockThreshold = thresholds[0] ?? DEFAULT_THRESHOLD;
  const groups = granularities.find(({ name }) => name === "group");
  const ranking =
    groups === undefined
      ? { blocks: [], strongestBlock: null }
      : await rankBlocks(groups, { threshold: blockThreshold, flips, seed, signal, onProgress: ofBlocks });
  const halves =
    groups === undefined
      ? null
      : await compareHalves(groups.differences, {
          testedUnits: groups.records.length - groups.degenerateUnits.length,
          seed,
          signal,
        });
  const topUnits = examineTopUnits(granularities, seed);
  ofHalves?.(DONE);
  const segments = await analyzeParts(ofTokens, { ...options, grades: null, onProgress: ofSegments });
  const repeated = readRepetitions(captures);
  return {
    pairs: captures.meanSquare.shape[0],
    thresholds,
    flips,
    seed,
    grades,
    granularities,
    blockThreshold,
    ...ranking,
    halves,
    topUnits,
    segments: segmentParts.map(({ name }, place) => ({ name, groups: itemAt(segments, place) })),
    axis: await analyzeAxis(captures, { flips, seed, signal, onProgress: ofAxis }),
    embeddingDistances:
      captures.embeddings === undefined ? null : Array.from(captures.embeddings.distance.data),
    crossed:
      cells === null
        ? null
        : await analyzeCells(captures, parts, { cells, flips, seed, signal, onProgress: ofCells }),
    replicates:
      groups === undefined ? [] : analyzeReplicates(repeated, { thresholds, meanT: groups.pairedT.t }),
    repetitions:
      replicates === undefined || repeated.differences.length === 0
        ? null
        : analyzeRepetitions({ ...repeated, replicates }, { thresholds, blockThreshold }),
  };
}

/** Everything that the analysis of one granularity depends on. */
type PartOptions = Required<Pick<AnalysisOptions, "thresholds" | "flips" | "seed" | "grades">> &
  Omit<AnalysisOptions, "cells">;

/** Analyses granularities one after the other. */
async function analyzeParts(
  parts: readonly Granularity[],
  { onProgress, ...options }: PartOptions,
): Promise<GranularityResult[]> {
  const ofEach = divideProgress(onProgress, weighParts(parts, options));
  const results: GranularityResult[] = [];
  for (const [place, part] of parts.entries())
    results.push(await analyzeGranularity(part, { ...options, onProgress: ofEach[place] }));
  return results;
}

/** About how long the analysis of each granularity takes. */
function weighParts(
  parts: readonly Granularity[],
  { flips, grades }: Pick<PartOptions, "flips" | "grades">,
): number[] {
  return parts.map(({ records }) => records.length * sum(weighStages(flips, grades !== null)));
}

/** About how long the parts of a granularity's analysis take: its null, the correction for its units, the grades. */
function weighStages(flips: number | "exact", isGraded: boolean): number[] {
  return [...(flips === "exact" ? [1, 0.2] : [1, 10]), isGraded ? 20 : 0];
}

function checkGrades(grades: readonly number[] | null, { meanSquare }: Captures): void {
  const [pairs] = meanSquare.shape;
  if (grades !== null && grades.length !== pairs)
    throw new RangeError(
      `grades: expected one for each of the ${pairs} captured pairs, received ${grades.length}; take those of the set that was captured`,
    );
}

function splitSegments({
  layout,
  segments = {},
}: Captures): { readonly name: SegmentName; readonly groups: Granularity }[] {
  return segmentNames.flatMap((name) => {
    const meanSquare = segments[name];
    const groups =
      meanSquare && splitByGranularity({ layout, meanSquare }).find((part) => part.name === "group");
    return groups === undefined ? [] : [{ name, groups }];
  });
}

async function analyzeGranularity(
  { name, records, a, b }: Granularity,
  { grades, onProgress, ...options }: PartOptions,
): Promise<GranularityResult> {
  const differences = pairedDifference(a, b);
  const statistics = pairedT(differences);
  const { degenerateUnits } = statistics;
  const [ofNull, ofCorrection, ofGrades] = divideProgress(
    onProgress,
    weighStages(options.flips, grades !== null),
  );
  const signFlip =
    degenerateUnits.length === records.length
      ? null
      : await signFlipNull(differences, flipOptions({ ...options, onProgress: ofNull }));
  const corrected =
    signFlip && (await correctP(differences, statistics, signFlip, { ...options, onProgress: ofCorrection }));
  const followed = grades
    ? await followGrades(differences, grades, { ...options, onProgress: ofGrades })
    : null;
  onProgress?.(DONE);
  return {
    name,
    records,
    differences,
    conditionMeans: { a: meanOverPairs(a), b: meanOverPairs(b) },
    pairedT: statistics,
    signFlip,
    corrected,
    grades: followed,
    degenerateUnits: degenerateUnits.map((unit) => itemAt(records, unit).address),
  };
}

function flipOptions({ flips, ...options }: Omit<PartOptions, "grades">): SignFlipNullOptions {
  return { ...options, ...(flips === "exact" ? { exact: true } : { flips }) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function meanOverPairs({ data, shape: [pairs, units] }: Matrix): Float64Array {
  const sums = new Float64Array(units);
  for (const [index, value] of data.entries()) sums[index % units] = valueAt(sums, index % units) + value;
  return sums.map((sum) => sum / pairs);
}
