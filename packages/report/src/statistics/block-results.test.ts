import { rankStability, strongestBlockNull } from "@measure-plantain/paired-stats";
import { describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "./analyze-captures.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });

describe("the blocks of an analysis", () => {
  test("have the family-wise p and the stability of their groups under the run's flips and threshold", async () => {
    const captures = syntheticCaptures(layout, { pairs: 9, planted: { block: "single.1", effect: 0.1 } });
    const analysis = await analyzeCaptures(captures, { thresholds: [2, 3], flips: 60, seed: 4 });
    const [groups] = analysis.granularities;
    if (groups === undefined) throw new Error("no groups");
    const labels = groups.records.map(({ block }) => block);
    const tested = await strongestBlockNull(groups.differences, labels, { threshold: 2, flips: 60, seed: 4 });
    const ranked = await rankStability(groups.differences, labels, { threshold: 2, seed: 4 });
    expect(analysis.strongestBlock).toEqual({ share: tested.maximum, resamples: ranked.rankedResamples });
    for (const { block, familyWiseP, stability, count } of analysis.blocks) {
      expect(familyWiseP).toBe(tested.blocks.find((other) => other.block === block)?.familyWiseP);
      expect(familyWiseP).toBeGreaterThanOrEqual(count?.p ?? NaN);
      expect({ block, ...stability }).toEqual(ranked.blocks.find((other) => other.block === block));
    }
  });

  test("have no test if nothing varies, and one block of nothing has none of its own", async () => {
    const { meanSquare } = syntheticCaptures(layout, { pairs: 5 });
    const of = (data: Float32Array): ReturnType<typeof analyzeCaptures> =>
      analyzeCaptures({ layout, meanSquare: { ...meanSquare, data } });
    const still = await of(meanSquare.data.map(() => 1));
    expect(still.strongestBlock).toBeNull();
    expect(still.blocks[0]).toMatchObject({ count: null, familyWiseP: null, stability: null });
    const [first] = still.blocks;
    const records = still.granularities[0]?.records ?? [];
    const { length: units } = records;
    const partly = await of(
      meanSquare.data.map((value, at) => (records[at % units]?.block === first?.block ? 1 : value)),
    );
    expect(partly.strongestBlock).not.toBeNull();
    expect(partly.blocks.find(({ block }) => block === first?.block)).toMatchObject({
      count: null,
      familyWiseP: null,
      stability: { first: 0 },
    });
  });
});
