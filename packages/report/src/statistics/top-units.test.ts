import { retestTopUnits } from "@measure-plantain/paired-stats";
import { describe, expect, it } from "vitest";
import { syntheticCaptures, syntheticLayout } from "../../test/synthetic-probe.ts";
import { summarizeTopUnits } from "../summary/top-units-summary.ts";
import { analyzeCaptures } from "./analyze-captures.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 3, headsPerBlock: 8, headSize: 32 });
const analyze = (pairs: number, effect: number): ReturnType<typeof analyzeCaptures> =>
  analyzeCaptures(syntheticCaptures(layout, { pairs, planted: { block: "single.1", effect } }), {
    flips: 10,
    seed: 2,
  });

describe("the strongest units of one half of the pairs", () => {
  it("without an effect look strong where they were chosen, and show nothing in the other half", async () => {
    const [groups] = summarizeTopUnits(await analyze(24, 0));
    expect(groups).toMatchObject({ name: "group", channelsPerUnit: 16, top: 10, splits: 5 });
    expect(groups?.selectedDz).toBeGreaterThan(0.5);
    expect(Math.abs(groups?.otherHalfDz ?? NaN)).toBeLessThan(0.25);
    expect(groups?.overlapByChance).toBeCloseTo(10 / 208, 12);
    expect(groups?.overlap).toBeLessThan(0.25);
  });

  it("with one keep it there, and are often the same", async () => {
    const [groups, heads] = summarizeTopUnits(await analyze(24, 0.3));
    expect(groups?.otherHalfDz).toBeGreaterThan(3);
    expect(groups?.otherHalfDz).toBeLessThan(groups?.selectedDz ?? 0);
    expect(groups?.overlap).toBeGreaterThan(5 * (groups?.overlapByChance ?? 1));
    expect(heads?.name).toBe("head");
  });

  it("are those of paired-stats, with the seed of the analysis", async () => {
    const { granularities, topUnits } = await analyze(8, 0.1);
    const differences = granularities[0]?.differences;
    if (differences === undefined) throw new RangeError("there are groups");
    const { effect, overlap } = retestTopUnits(differences, 10, { splits: 5, seed: 2 });
    expect(topUnits[0]).toEqual({ name: "group", effect, overlap });
  });

  it("are 1 % of many units", async () => {
    const many = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 24, headSize: 128 });
    const [groups] = (await analyzeCaptures(syntheticCaptures(many, { pairs: 6 }), { flips: 2 })).topUnits;
    expect(groups?.effect.top).toBe(Math.ceil((192 + 2 * 768) / 100));
  });

  it("are not looked for in fewer than six pairs, nor where they would be most of the units", async () => {
    expect((await analyze(5, 0.3)).topUnits).toEqual([]);
    const few = syntheticLayout({ jointBlocks: 1, singleBlocks: 1, headsPerBlock: 2, headSize: 32 });
    const { topUnits } = await analyzeCaptures(syntheticCaptures(few, { pairs: 8 }), { flips: 10 });
    expect(topUnits.map(({ name }) => name)).toEqual(["group"]); // of 20 groups and 4 heads
  });
});
