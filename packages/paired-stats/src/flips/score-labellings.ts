import { availableParallelism } from "node:os";
import type { Matrix } from "../matrix.ts";
import { checkWhole } from "../options.ts";
import { integerAt, itemAt } from "../reading.ts";
import { compileFlipKernel, KernelMemory } from "./flip-kernel.ts";
import type { Labellings } from "./labellings.ts";
import { patternGroups } from "./pattern-groups.ts";
import { kernelScorer, plainScorer, runLength, workerScorer, type PortionScorer } from "./portion-scorers.ts";
import { TILE_UNITS, tileUnits } from "./unit-tiles.ts";

/** How far a long computation has come. */
export interface Progress {
  /** Labellings, or units where they are what is gone through, done. */
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
  /** `simd`: the WebAssembly kernel, where the machine has SIMD; `plain`: the same in TypeScript, in this thread. */
  readonly engine?: "simd" | "plain" | undefined;
}

/** What all units do together under each labelling. */
export interface Scores {
  /** Per bound, in the order of the bounds: under each labelling, how many units score above it. */
  readonly counts: readonly Uint32Array[];
  /** Under each labelling, the highest score of any unit. */
  readonly maxima: Float64Array;
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
 * @param bounds - units are counted whose score is greater.
 */
export async function scoreLabellings(
  differences: Matrix,
  units: readonly number[],
  labellings: Labellings,
  bounds: readonly number[],
  { onProgress, signal, threads, engine = "simd" }: ComputingOptions,
): Promise<Scores> {
  if (threads !== undefined) checkWhole(threads, "threads", 1);
  signal?.throwIfAborted();
  const [pairs] = differences.shape;
  const order = bounds
    .map((_, place) => place)
    .sort((left, right) => itemAt(bounds, left) - itemAt(bounds, right));
  const ascending = Float64Array.from(order, (place) => itemAt(bounds, place));
  const scores: Scores = {
    counts: bounds.map(() => new Uint32Array(labellings.count)),
    maxima: new Float64Array(labellings.count),
  };

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
  const memory = kernel && new KernelMemory(); // it reserves 4 GiB of addresses, which the plain engine needs not
  const tiles = tileUnits(differences, units, (length) =>
    memory ? memory.float64(length) : new Float64Array(length),
  );
  const job = { tiles, labellings, bounds: ascending };
  const scorers: PortionScorer[] = !(kernel && memory)
    ? [plainScorer(job)]
    : mostThreads === 1
      ? [kernelScorer(kernel, memory, job, portion)]
      : Array.from({ length: mostThreads }, () => workerScorer(kernel, memory, job, portion));

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
