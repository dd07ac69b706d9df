import { availableParallelism } from "node:os";
import type { Matrix } from "../matrix.ts";
import { checkChoice, checkWhole } from "../options.ts";
import { integerAt, itemAt } from "../reading.ts";
import { compileFlipKernel, KernelMemory } from "./flip-kernel.ts";
import type { Labellings } from "./labellings.ts";
import { patternGroups } from "./pattern-groups.ts";
import { kernelScorer, plainScorer, runLength, workerScorer, type PortionScorer } from "./portion-scorers.ts";
import { limitsOf, observedScores, scoreOfT, TILE_UNITS, tileUnits } from "./unit-tiles.ts";

/** How far a long computation has come. */
export interface Progress {
  /** Labellings done; units, or labellings of each set, if these are gone through one after the other. */
  readonly done: number;
  /** And in all. */
  readonly total: number;
}

/** How a long computation reports, ends early and uses the machine. The results do not depend on any of these. */
export interface ComputingOptions {
  /** Called after every portion of labellings. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the computation between two portions: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Threads to compute in; 1 stays in the calling thread. By default a job of seconds takes one per processor. */
  readonly threads?: number | undefined;
  /**
   * `simd`: the WebAssembly kernel, where the machine has SIMD and the address space for its memory (about 10 GB; no more
   * than that is reserved); `plain`: the same in TypeScript, in this thread.
   */
  readonly engine?: "simd" | "plain" | undefined;
}

/** What all units do together under each labelling. */
export interface Scores {
  /** Per threshold, in the order given: under each labelling, how many units exceed it. */
  readonly counts: readonly Uint32Array[];
  /** Under each labelling, the highest score of any unit. */
  readonly maxima: Float64Array;
  /** The score of each unit under the observed labelling. */
  readonly observed: Float64Array;
  /** Per unit, how far apart two of its scores can lie and still tie. */
  readonly margins: Float64Array;
}

/** Additions of one portion: a tenth of a second or less, so that progress moves and an abort is heeded. */
const PORTION_ADDITIONS = 2 ** 27;
/** Portions larger than this leave the processor's second cache. */
const LARGEST_PORTION = 2 ** 14;
/** Additions from which starting threads pays (about half a second of one thread). */
const ADDITIONS_FOR_THREADS = 2 ** 30;
/** More threads than this are started only for a caller who asks for them: each takes about 10 MB. */
const MOST_THREADS_UNASKED = 16;

/**
 * Scores the chosen units of a checked matrix under every labelling (see {@link tileUnits} for what a score is).
 *
 * @param units - columns, none of them zero throughout.
 * @param thresholds - units are counted whose |t| is greater, by more than a tie.
 */
export async function scoreLabellings(
  differences: Matrix,
  units: readonly number[],
  labellings: Labellings,
  thresholds: readonly number[],
  { onProgress, signal, threads, engine = "simd" }: ComputingOptions,
): Promise<Scores> {
  if (threads !== undefined) checkWhole(threads, "threads", 1);
  checkChoice(engine, "engine", ["simd", "plain"]);
  signal?.throwIfAborted();
  const [pairs] = differences.shape;
  const order = thresholds
    .map((_, place) => place)
    .sort((left, right) => itemAt(thresholds, left) - itemAt(thresholds, right));

  const additionsEach = Math.ceil(units.length / TILE_UNITS) * TILE_UNITS * patternGroups(pairs).length;
  const run = runLength(labellings, pairs);
  const runsEach = Math.min(LARGEST_PORTION, PORTION_ADDITIONS / additionsEach) / run;
  const portion = run * Math.max(1, Math.floor(runsEach));
  const large = labellings.count * additionsEach >= ADDITIONS_FOR_THREADS;
  const mostThreads = Math.min(
    threads ?? (large ? Math.min(availableParallelism(), MOST_THREADS_UNASKED) : 1),
    Math.ceil(labellings.count / portion),
  );

  const kernel = engine === "simd" ? compileFlipKernel() : undefined;
  const memory = kernel && reserveMemory();
  const room = (length: number): Float64Array => memory?.float64(length) ?? new Float64Array(length);
  const tiles = tileUnits(differences, units, room);
  const bounds = room(order.length);
  bounds.set(order.map((place) => scoreOfT(itemAt(thresholds, place), pairs)));
  const job = { tiles, labellings, bounds, limits: limitsOf(tiles, bounds, room) };
  const scorers: PortionScorer[] = !(kernel && memory)
    ? [plainScorer(job)]
    : mostThreads === 1
      ? [kernelScorer(kernel, memory, job, portion)]
      : Array.from({ length: mostThreads }, () => workerScorer(kernel, memory, job, portion));

  const scores: Scores = {
    counts: thresholds.map(() => new Uint32Array(labellings.count)),
    maxima: new Float64Array(labellings.count),
    observed: observedScores(tiles).subarray(0, units.length),
    margins: tiles.margins.subarray(0, units.length),
  };
  let next = 0;
  let done = 0;
  const work = async ({ score }: PortionScorer): Promise<void> => {
    while (next < labellings.count) {
      const first = next;
      const count = Math.min(portion, labellings.count - first);
      next += count;
      const { counts, maxima } = await score(first, count);
      scores.maxima.set(maxima, first);
      for (const [rank, place] of order.entries()) {
        const target = itemAt(scores.counts, place);
        for (let labelling = 0; labelling < count; labelling += 1)
          target[first + labelling] = integerAt(counts, labelling * order.length + rank);
      }
      done += count;
      onProgress?.({ done, total: labellings.count });
      signal?.throwIfAborted();
    }
  };
  try {
    await Promise.all(scorers.map(work));
  } finally {
    await Promise.all(scorers.map(({ close }) => close()));
  }
  return scores;
}

/** The kernel's memory, or undefined where its addresses cannot be had (under `ulimit -v`, for one). */
function reserveMemory(): KernelMemory | undefined {
  try {
    return new KernelMemory();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
