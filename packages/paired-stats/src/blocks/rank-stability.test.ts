import { describe, expect, it } from "vitest";
import { matrixOf } from "../../test/parity.ts";
import { noise } from "../../test/noise.ts";
import { float32Resolution } from "../resolution.ts";
import type { Matrix } from "../matrix.ts";
import { pairedT } from "../paired-t.ts";
import { randomBelow, randomWords } from "../random.ts";
import { selectPairs } from "../select.ts";
import { rankStability } from "./rank-stability.ts";
import { summarizeByBlock } from "./summarize-by-block.ts";

const labels = Array.from({ length: 12 }, (_, unit) => `block.${unit % 4}`);

/** Every resample ranked by itself, from the rows that were drawn; |t| equal but for rounding tie, and the order decides. */
function rankSlowly(
  differences: Matrix,
  blocks: readonly string[],
  { threshold, resamples, seed }: { threshold: number; resamples: number; seed: number },
): { first: Record<string, number>; topThree: Record<string, number>; ranked: number } {
  const [pairs] = differences.shape;
  const words = randomWords(seed);
  const first: Record<string, number> = {};
  const topThree: Record<string, number> = {};
  let ranked = 0;
  for (let resample = 0; resample < resamples; resample += 1) {
    const drawn = Array.from({ length: pairs }, () => randomBelow(words, pairs));
    const order = [...new Set(blocks)];
    const ranking = summarizeByBlock(pairedT(selectPairs(differences, drawn)), blocks, { threshold })
      .map((row) => ({ ...row, size: Number(row.maxAbsT.toPrecision(8)), place: order.indexOf(row.block) }))
      .sort((one, two) => two.share - one.share || two.size - one.size || one.place - two.place);
    if (ranking.every(({ units }) => units === 0)) continue;
    ranked += 1;
    for (const [rank, { block }] of ranking.slice(0, 3).entries()) {
      topThree[block] = (topThree[block] ?? 0) + 1;
      if (rank === 0) first[block] = (first[block] ?? 0) + 1;
    }
  }
  return { first, topThree, ranked };
}

async function expectSameRanks(
  differences: Matrix,
  blocks: readonly string[],
  options: { threshold: number; resamples: number; seed: number },
): Promise<void> {
  const result = await rankStability(differences, blocks, options);
  const { first, topThree, ranked } = rankSlowly(differences, blocks, options);
  expect(result.rankedResamples).toBe(ranked);
  for (const { block, ...shares } of result.blocks)
    expect(shares, block).toEqual({
      first: (first[block] ?? 0) / ranked,
      topThree: (topThree[block] ?? 0) / ranked,
    });
}

describe("rankStability", () => {
  it("ranks every resample as pairedT and summarizeByBlock rank the drawn rows", async () => {
    const differences = noise(9, 12, 5, (unit) => (unit % 4 === 2 ? 0.8 : 0.4));
    await expectSameRanks(differences, labels, { threshold: 2, resamples: 300, seed: 7 });
  });

  it("treats ties, zeros and float32 resolution as they do", async () => {
    const whole = noise(6, 12, 3, () => 0.5);
    const steps = whole.data.map((value) => Math.round(value));
    await expectSameRanks({ data: steps, shape: whole.shape }, labels, {
      threshold: 2,
      resamples: 300,
      seed: 1,
    });
    const near = Float64Array.from(whole.data, (value, at) => 1 + (at % 3 === 0 ? 4e-8 : 0.1) * value);
    const resolution = float32Resolution(near);
    await expectSameRanks({ data: near, shape: whole.shape, resolution }, labels, {
      threshold: 30,
      resamples: 300,
      seed: 2,
    });
  });

  it("leaves out resamples in which nothing varies: half of those of two pairs", async () => {
    const differences = matrixOf([
      [1, 2],
      [3, -1],
    ]);
    await expectSameRanks(differences, ["a", "b"], { threshold: 1, resamples: 200, seed: 0 });
    const { rankedResamples } = await rankStability(differences, ["a", "b"], { resamples: 200 });
    expect(rankedResamples).toBeGreaterThan(70);
    expect(rankedResamples).toBeLessThan(130);
  });

  it("keeps a block with a clear lead first in every resample, and parts two equal ones", async () => {
    const ahead = noise(20, 12, 11, (unit) => (unit % 4 === 1 ? 3 : 0));
    const { blocks } = await rankStability(ahead, labels, { resamples: 200 });
    expect(blocks[1]).toEqual({ block: "block.1", first: 1, topThree: 1 });
    const level = noise(20, 200, 12, () => 0.6);
    const halves = Array.from({ length: 200 }, (_, unit) => `half.${unit % 2}`);
    const { blocks: equal } = await rankStability(level, halves, { resamples: 400 });
    for (const { first } of equal) expect(first).toBeLessThan(0.95);
  });

  it("gives the same for the same seed, and reports and ends as it is told", async () => {
    const differences = noise(9, 12, 5);
    const once = await rankStability(differences, labels, { resamples: 100, seed: 4 });
    expect(await rankStability(differences, labels, { resamples: 100, seed: 4 })).toEqual(once);
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(rankStability(differences, labels, { signal: controller.signal })).rejects.toThrow("enough");
  });

  it("refuses labels that do not fit, no resamples, and differences that never vary", async () => {
    const still = matrixOf([[1], [1], [1]]);
    await expect(rankStability(still, ["a"])).rejects.toMatchObject({ code: "degenerate" });
    await expect(rankStability(still, [])).rejects.toMatchObject({ code: "shape-mismatch" });
    await expect(rankStability(still, ["a"], { resamples: 0 })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});
