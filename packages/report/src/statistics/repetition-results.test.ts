import {
  leaveOneLevelOut,
  type Matrix,
  pairedT,
  studentTwoSidedP,
  summarizeByBlock,
  varianceComponents,
} from "@measure-plantain/paired-stats";
import { listReplicates } from "@measure-plantain/probe";
import { describe, expect, test } from "vitest";
import { syntheticLayout, syntheticRepetitions } from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "./analyze-captures.ts";
import { readRepetitions } from "./replicate-results.ts";
import type { RepetitionsResult } from "./repetition-results.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const replicates = listReplicates({
  references: ["first", "second", "third"],
  noiseSeeds: [7, 8],
  noise: "shared",
  sigmas: [1, 0.5],
});
/** One block responds under every image at σ = 1, another one only under the first image. */
const captures = syntheticRepetitions(layout, replicates, {
  plant: ({ reference, sigma }) =>
    sigma === 1
      ? { block: "single.1", effect: 0.2 }
      : reference === 0
        ? { block: "single.0", effect: 0.5 }
        : undefined,
});

async function analyze(thresholds = [3, 5]): Promise<RepetitionsResult> {
  const { repetitions } = await analyzeCaptures(captures, { replicates, thresholds });
  if (repetitions === null) throw new Error("expected repetitions");
  return repetitions;
}

/** The mean over some of the captured differences, written out. */
function meanWhere(accepts: (replicate: (typeof replicates)[number]) => boolean): Matrix {
  const { differences } = readRepetitions(captures);
  const chosen = differences.filter((_, place) => replicates.some((one, k) => k === place && accepts(one)));
  const [first] = chosen;
  if (first === undefined) throw new Error("none chosen");
  const average = (read: (matrix: Matrix) => Float64Array | Float32Array | undefined): Float64Array =>
    Float64Array.from(
      first.data,
      (_, at) => chosen.reduce((sum, one) => sum + (read(one)?.[at] ?? NaN), 0) / chosen.length,
    );
  return {
    data: average(({ data }) => data),
    shape: first.shape,
    resolution: average((one) => one.resolution),
  };
}

describe("repetitions by image, noise and noise level", () => {
  test("take images and noises as random over the mean of the noise levels", async () => {
    const { random } = await analyze();
    expect(random?.factors).toEqual([
      { name: "reference", levels: 3 },
      { name: "noise seed", levels: 2 },
    ]);
    const cells = [0, 1, 2].flatMap((reference) => [7, 8].map((noiseSeed) => ({ reference, noiseSeed })));
    const expected = varianceComponents(
      cells.map(({ reference, noiseSeed }) =>
        meanWhere((one) => one.reference === reference && one.noiseSeed === noiseSeed),
      ),
      [
        { name: "reference", levels: cells.map(({ reference }) => reference + 1) },
        { name: "noise seed", levels: cells.map(({ noiseSeed }) => noiseSeed) },
      ],
    );
    expect(random?.variance.components.map(({ name }) => name)).toEqual(
      expected.components.map(({ name }) => name),
    );
    for (const [unit, t] of expected.t.entries()) expect(random?.variance.t[unit]).toBeCloseTo(t, 8);
    for (const { threshold, p, averaged, random: kept } of random?.thresholds ?? []) {
      expect(p).toBe(studentTwoSidedP(threshold, 9));
      expect(averaged).toBe(pairedT(meanWhere(() => true)).p.filter((value) => value < p).length);
      expect(kept).toBe(expected.p.filter((value) => value < p).length);
      expect(kept).toBeLessThanOrEqual(averaged);
    }
  });

  test("count the groups with each image and each noise alone and left out", async () => {
    const { leftOut } = await analyze([2]);
    const { differences } = readRepetitions(captures);
    const levels = [
      { factor: "reference", levels: replicates.map(({ reference }) => (reference ?? NaN) + 1) },
      { factor: "noise seed", levels: replicates.map(({ noiseSeed }) => noiseSeed) },
    ];
    expect(leftOut).toEqual(
      levels.map(({ factor, levels: of }) => ({
        factor,
        ...leaveOneLevelOut(differences, of, { thresholds: [2] }),
      })),
    );
  });

  test("give each block's share at each noise level, in the order of the network", async () => {
    const { noiseLevels } = await analyze([2]);
    const { records } = readRepetitions(captures);
    expect(noiseLevels.map(({ sigma }) => sigma)).toEqual([1, 0.5]);
    for (const { sigma, shares } of noiseLevels) {
      expect(shares.map(({ block }) => block)).toEqual(["joint.0", "single.0", "single.1"]);
      const summaries = summarizeByBlock(
        pairedT(meanWhere((one) => one.sigma === sigma)),
        records.map(({ block }) => block),
        { threshold: 2 },
      );
      for (const { block, share } of shares)
        expect(share, `${block} at ${sigma}`).toBe(summaries.find((one) => one.block === block)?.share);
    }
    const shareOf = (sigma: number, block: string): number =>
      noiseLevels.find((level) => level.sigma === sigma)?.shares.find((one) => one.block === block)?.share ??
      NaN;
    expect(shareOf(1, "single.1")).toBeGreaterThan(shareOf(0.5, "single.1"));
    expect(shareOf(0.5, "single.0")).toBeGreaterThan(shareOf(1, "single.0"));
  });

  test("leave out what was not varied, and are not computed for a single pass or unknown repetitions", async () => {
    const seeds = listReplicates({ references: ["one"], noiseSeeds: [1, 2], noise: "shared", sigmas: [1] });
    const repeated = syntheticRepetitions(layout, seeds, { plant: () => undefined });
    const { repetitions } = await analyzeCaptures(repeated, { replicates: seeds });
    expect(repetitions?.random?.factors).toEqual([{ name: "noise seed", levels: 2 }]);
    expect(repetitions?.leftOut.map(({ factor }) => factor)).toEqual(["noise seed"]);
    expect(repetitions?.noiseLevels).toEqual([]);
    expect((await analyzeCaptures(repeated)).repetitions).toBeNull();
    const { meanSquare } = repeated;
    expect(
      (await analyzeCaptures({ layout, meanSquare }, { replicates: seeds.slice(0, 1) })).repetitions,
    ).toBeNull();
    await expect(analyzeCaptures(repeated, { replicates: seeds.slice(0, 1) })).rejects.toThrow(
      "expected one for each of the 2 captured repetitions, received 1",
    );
  });

  test("have nothing to find if no group varies", async () => {
    const seeds = listReplicates({ references: [], noiseSeeds: [1, 2], noise: "shared", sigmas: [1, 0.5] });
    const { meanSquare, replicates: squares } = syntheticRepetitions(layout, seeds, {
      plant: () => undefined,
    });
    if (squares === undefined) throw new Error("expected repetitions");
    const still = <T extends { data: Float32Array }>(one: T): T => ({ ...one, data: one.data.map(() => 1) });
    const { repetitions } = await analyzeCaptures(
      { layout, meanSquare: still(meanSquare), replicates: still(squares) },
      { replicates: seeds },
    );
    expect(repetitions?.random).toMatchObject({
      testedUnits: 0,
      falseDiscovery: { averaged: 0, random: 0 },
    });
    expect(repetitions?.random?.thresholds.map(({ random }) => random)).toEqual([0, 0]);
    expect(repetitions?.noiseLevels[0]?.shares[0]?.share).toBe(0);
  });
});
