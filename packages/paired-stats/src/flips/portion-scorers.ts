import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { instantiateFlipKernel, type KernelMemory } from "./flip-kernel.ts";
import { FLIP_WORKER } from "./flip-worker.ts";
import type { Labellings } from "./labellings.ts";
import { patternGroups, selectRows, tableRows } from "./pattern-groups.ts";
import { scoreTile, tabulate, type PortionScores } from "./score-tile.ts";
import { TILE_UNITS, type UnitTiles } from "./unit-tiles.ts";

/** What is scored: the units, under which labellings, and above which scores they are counted. */
export interface ScoringJob {
  readonly tiles: UnitTiles;
  readonly labellings: Labellings;
  /** `[thresholds]`, ascending: no unit is counted whose score is no higher. */
  readonly bounds: Float64Array;
  /** `[tiles, thresholds, 16]`: units are counted whose score is higher. */
  readonly limits: Float64Array;
}

/** Scores portions of at most `capacity` labellings, one after the other. */
export interface PortionScorer {
  /** Scores labellings `first` … `first + count − 1`; the result holds until the next call. */
  readonly score: (first: number, count: number) => Promise<PortionScores>;
  /** Gives back what the scorer holds. */
  readonly close: () => Promise<void>;
}

/** The reference in TypeScript. */
export function plainScorer({ tiles, labellings, bounds, limits }: ScoringJob): PortionScorer {
  const groups = patternGroups(tiles.pairs);
  const table = new Float64Array(tableRows(groups) * TILE_UNITS);
  const tileLength = tiles.pairs * TILE_UNITS;
  const limitsLength = bounds.length * TILE_UNITS;
  return {
    async score(first, count) {
      const rows = new Uint32Array(count * groups.length);
      selectRows(labellings, first, 1, groups, rows);
      const scores = { counts: new Uint32Array(count * bounds.length), maxima: new Float64Array(count) };
      for (let tile = 0; tile < tiles.tiles; tile += 1) {
        tabulate(tiles.data.subarray(tile * tileLength, (tile + 1) * tileLength), groups, table);
        const tileLimits = limits.subarray(tile * limitsLength, (tile + 1) * limitsLength);
        scoreTile(table, rows, groups.length, tileLimits, scores);
      }
      await setImmediate();
      return scores;
    },
    close: () => Promise.resolve(),
  };
}

/** How many consecutive labellings of an exact null differ in the first group of pairs only. */
export function runLength({ exact, count }: Labellings, pairs: number): number {
  const [lowest] = patternGroups(pairs);
  return exact && lowest ? Math.min(2 ** lowest.pairs, count) : 1;
}

/** The kernel in the calling thread. The job's arrays lie in `memory`. */
export function kernelScorer(
  module: WebAssembly.Module,
  memory: KernelMemory,
  job: ScoringJob,
  capacity: number,
): PortionScorer {
  const scoreTiles = instantiateFlipKernel(module, memory.memory);
  const prepare = kernelPortions(memory, job, capacity);
  return {
    async score(first, count) {
      const { addressesAndCounts, scores } = prepare(first, count);
      scoreTiles(...addressesAndCounts);
      await setImmediate();
      return scores;
    },
    close: () => Promise.resolve(),
  };
}

/** The kernel in a thread of its own. The job's arrays lie in `memory`. */
export function workerScorer(
  module: WebAssembly.Module,
  memory: KernelMemory,
  job: ScoringJob,
  capacity: number,
): PortionScorer {
  const prepare = kernelPortions(memory, job, capacity);
  const worker = new Worker(FLIP_WORKER, {
    eval: true,
    workerData: { module, memory: memory.memory },
    execArgv: [], // flags of the main program are not for a thread
  });
  return {
    async score(first, count) {
      const { addressesAndCounts, scores } = prepare(first, count);
      const answer = once(worker, "message"); // rejects on the worker's error
      worker.postMessage(addressesAndCounts);
      await answer;
      return scores;
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** Lays out one scorer's part of the memory; the result readies a portion and says what to call the kernel with. */
function kernelPortions(
  memory: KernelMemory,
  { tiles, labellings, bounds, limits }: ScoringJob,
  capacity: number,
): (first: number, count: number) => { addressesAndCounts: readonly number[]; scores: PortionScores } {
  const groups = patternGroups(tiles.pairs);
  const run = runLength(labellings, tiles.pairs);
  const groupPairs = memory.uint32(groups.length);
  groupPairs.set(groups.map((group) => group.pairs));
  const table = memory.float64(tableRows(groups) * TILE_UNITS);
  const rows = memory.uint32(Math.ceil(capacity / run) * groups.length);
  const counts = memory.uint32(capacity * bounds.length);
  const maxima = memory.float64(capacity);
  return (first, count) => {
    const runs = count / run;
    const scores = { counts: counts.subarray(0, count * bounds.length), maxima: maxima.subarray(0, count) };
    selectRows(labellings, first, run, groups, rows.subarray(0, runs * groups.length));
    scores.counts.fill(0);
    scores.maxima.fill(0);
    return {
      scores,
      addressesAndCounts: [
        tiles.data.byteOffset,
        tiles.tiles,
        tiles.pairs,
        groupPairs.byteOffset,
        groups.length,
        table.byteOffset,
        rows.byteOffset,
        runs,
        run > 1 ? run : 0,
        bounds.byteOffset,
        limits.byteOffset,
        bounds.length,
        counts.byteOffset,
        maxima.byteOffset,
      ],
    };
  };
}
