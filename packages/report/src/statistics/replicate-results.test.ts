import { describe, expect, it } from "vitest";
import { syntheticCaptures, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "./analyze-captures.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const planted = { block: "single.1", effect: 0.2 };
const strong = syntheticCaptures(layout, { pairs: 12, seed: 1, planted }).meanSquare;
const empty = syntheticCaptures(layout, { pairs: 12, seed: 2 }).meanSquare;

/** Captures whose two repetitions are these, and whose whole is given. */
async function replicatesOf(first: typeof strong, second: typeof strong): Promise<unknown> {
  const data = Float32Array.from([...first.data, ...second.data]);
  const replicates = { data, shape: [2, ...first.shape] as const };
  const { replicates: results } = await analyzeCaptures({ layout, meanSquare: first, replicates });
  return results;
}

describe("each repetition alone", () => {
  it("has the counts and the maximum of a run of its own, and r = 1 with a mean that equals it", async () => {
    const { granularities } = await analyzeCaptures({ layout, meanSquare: strong });
    const own = granularities[0]?.signFlip;
    expect(await replicatesOf(strong, empty)).toEqual([
      {
        counts: own?.thresholds.map(({ observed }) => observed),
        maximum: own?.maximum.observed,
        correlationWithMean: expect.closeTo(1, 12) as number,
      },
      expect.objectContaining({ correlationWithMean: expect.closeTo(0, 0) as number }),
    ]);
  });
  it("that does not vary counts nothing and correlates with nothing", async () => {
    const still = { ...strong, data: strong.data.map(() => 1) };
    expect(await replicatesOf(strong, still)).toEqual([
      expect.anything(),
      { counts: [0, 0], maximum: 0, correlationWithMean: null },
    ]);
  });
  it("is not spoken of where every pass was run once", async () => {
    expect((await analyzeCaptures({ layout, meanSquare: strong })).replicates).toEqual([]);
  });
});
