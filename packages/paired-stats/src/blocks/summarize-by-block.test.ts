import { describe, expect, it } from "vitest";
import { matrixOf } from "../../test/parity.ts";
import { pairedT } from "../paired-t.ts";
import { summarizeByBlock } from "./summarize-by-block.ts";

describe("summarizeByBlock", () => {
  // t: 2.645…, 0.866…, −8.66…, degenerate, degenerate
  const result = pairedT(
    matrixOf([
      [1, 1, -1.2, 0, 1],
      [2, -0.5, -1.5, 0, 1],
      [4, 1, -1, 0, 1],
    ]),
  );

  it("ranks blocks by the share over the threshold, then by the greatest |t|", () => {
    const blocks = summarizeByBlock(result, ["a", "a", "b", "b", "c"], { threshold: 2 });
    expect(
      blocks.map(({ block, share, overThreshold, units }) => [block, share, overThreshold, units]),
    ).toEqual([
      ["b", 1, 1, 1],
      ["a", 0.5, 1, 2],
      ["c", 0, 0, 0],
    ]);
  });

  it("names the unit of the greatest |t| and the median |d_z|, degenerate units apart", () => {
    const [a, b, c] = summarizeByBlock(result, ["a", "a", "b", "b", "c"], { threshold: 100 })
      .slice()
      .sort(byName);
    expect(a?.maxAbsTUnit).toBe(0);
    expect(b?.maxAbsTUnit).toBe(2);
    expect(b?.degenerateUnits).toBe(1);
    expect(a?.medianAbsDz).toBeCloseTo(
      (Math.abs(result.cohensDz[0] ?? 0) + Math.abs(result.cohensDz[1] ?? 0)) / 2,
      12,
    );
    expect(c).toEqual({
      block: "c",
      units: 0,
      degenerateUnits: 1,
      overThreshold: 0,
      share: 0,
      maxAbsT: 0,
      maxAbsTUnit: -1,
      medianAbsDz: 0,
    });
  });

  it("refuses another number of labels than of units", () => {
    expect(() => summarizeByBlock(result, ["a"])).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
  });
});

function byName(left: { block: string }, right: { block: string }): number {
  return left.block.localeCompare(right.block);
}
