import { describe, expect, it } from "vitest";
import { syntheticCaptures, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "./analyze-captures.ts";
import { compareAnalyses } from "./compare-analyses.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 3, headsPerBlock: 4, headSize: 32 });

async function runOf(seed: number, effect = 0): Promise<Analysis> {
  const planted = { block: "single.1", effect };
  const captures = syntheticCaptures(layout, { pairs: 12, seed, planted });
  return analyzeCaptures(captures);
}

describe("compareAnalyses(run, other) at equal embedding distance", () => {
  const distances = Array.from({ length: 12 }, (_, pair) => 10 + (pair % 5));

  it("takes out of the difference what the distances explain, and leaves what they do not", async () => {
    const [run, other] = [await runOf(1), await runOf(2)];
    const respondBy = (response: (pair: number) => number): Analysis => ({
      ...run,
      embeddingDistances: distances,
      granularities: run.granularities.map((granularity) => {
        const { data, shape } = granularity.differences;
        const added = data.map((value, at) => value + 0.2 * response(Math.floor(at / shape[1])));
        return { ...granularity, differences: { data: added, shape } };
      }),
    });
    const control = { ...other, embeddingDistances: distances.map(() => 10) };
    const countOver3 = async (response: (pair: number) => number): Promise<number[]> => {
      const [groups] = await compareAnalyses(respondBy(response), control);
      return [groups?.difference, groups?.atEqualDistance].map((of) => of?.thresholds[0]?.observed ?? NaN);
    };
    const [asFar = NaN, leftOfThat = NaN] = await countOver3((pair) => (distances[pair] ?? NaN) - 10);
    expect(asFar).toBeGreaterThan(30);
    expect(leftOfThat).toBeLessThan(asFar / 5);
    const [always = NaN, leftOfAll = NaN] = await countOver3(() => 2);
    expect(always).toBeGreaterThan(30);
    expect(leftOfAll).toBeGreaterThan(30);
  });

  it("is not there without distances, or if the texts of both runs moved the embedding equally far", async () => {
    const [run, other] = [await runOf(1), await runOf(2)];
    const alike = { embeddingDistances: distances };
    expect((await compareAnalyses(run, other))[0]?.atEqualDistance).toBeNull();
    expect(
      (await compareAnalyses({ ...run, ...alike }, { ...other, ...alike }))[0]?.atEqualDistance,
    ).toBeNull();
  });
});

describe("compareAnalyses(run, other)", () => {
  it("a run against itself: correlation 1, the same top units, no difference to test", async () => {
    const run = await runOf(1, 0.2);
    for (const { correlationOfT, top, difference } of await compareAnalyses(run, run)) {
      expect(correlationOfT).toBeCloseTo(1, 12);
      expect(top.shared).toBe(top.compared);
      expect(difference).toBeNull();
    }
  });

  it("an effect that only one run has is in the difference of their contrasts", async () => {
    const [groups] = await compareAnalyses(await runOf(1, 0.2), await runOf(2));
    expect(groups?.name).toBe("group");
    expect(groups?.difference?.maximum.p).toBeLessThan(0.02);
    const [over3] = groups?.difference?.thresholds ?? [];
    expect(over3?.observed).toBeGreaterThan(over3?.nullP99 ?? Infinity);
  });

  it("two runs without an effect differ no more than labels do", async () => {
    const [groups] = await compareAnalyses(await runOf(3), await runOf(4));
    expect(groups?.difference?.maximum.p).toBeGreaterThan(0.02);
    expect(Math.abs(groups?.correlationOfT ?? 1)).toBeLessThan(0.5);
  });

  it("runs that are not paired have no difference of contrasts, but everything else", async () => {
    const run = await runOf(1, 0.2);
    const [groups] = await compareAnalyses(run, await runOf(2), { isPaired: false });
    expect(groups?.difference).toBeNull();
    expect(groups?.top.compared).toBeGreaterThan(0);
  });

  it("refuses runs over other units", async () => {
    const wider = syntheticLayout({ jointBlocks: 1, singleBlocks: 4, headsPerBlock: 4, headSize: 32 });
    const other = await analyzeCaptures(syntheticCaptures(wider, { pairs: 12 }));
    await expect(compareAnalyses(other, await runOf(1))).rejects.toThrow(
      /other units at the granularity group/,
    );
  });
});
