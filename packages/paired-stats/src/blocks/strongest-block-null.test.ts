import { describe, expect, it } from "vitest";
import { matrixOf } from "../../test/parity.ts";
import { noise } from "../../test/noise.ts";
import { pairedT } from "../paired-t.ts";
import { strongestBlockNull } from "./strongest-block-null.ts";
import { summarizeByBlock } from "./summarize-by-block.ts";

const labels = ["a", "a", "a", "b", "b", "c", "c", "c", "c", "c"];
const differences = noise(8, 10, 3, (unit) => (unit < 3 ? 1.2 : 0.3));

describe("strongestBlockNull", () => {
  it("equals t tests of every labelling, written out: shares, their maximum and both p", async () => {
    const result = await strongestBlockNull(differences, labels, { threshold: 2, exact: true });
    const { data, shape } = differences;
    const [pairs, units] = shape;
    const shares = Array.from({ length: 2 ** (pairs - 1) }, (_, labelling) => {
      const flipped = data.map((value, at) => ((labelling >>> Math.floor(at / units)) & 1 ? -value : value));
      const summaries = summarizeByBlock(pairedT({ data: flipped, shape }), labels, { threshold: 2 });
      return new Map(summaries.map(({ block, share }) => [block, share]));
    });
    const maxima = shares.map((ofBlocks) => Math.max(...ofBlocks.values()));
    const observed = shares[0];
    const reaching = (share: number): number => maxima.filter((maximum) => maximum >= share).length;
    expect(Array.from(result.maximum.null.values)).toEqual(maxima);
    expect(result.maximum.observed).toBe(maxima[0]);
    expect(result.maximum.p).toBe(reaching(maxima[0] ?? NaN) / maxima.length);
    expect(result.blocks.map(({ block }) => block)).toEqual(["a", "b", "c"]);
    for (const { block, share, familyWiseP, count } of result.blocks) {
      expect(share).toBe(observed?.get(block));
      expect(familyWiseP).toBe(reaching(share) / maxima.length);
      expect(familyWiseP).toBeGreaterThanOrEqual(count.p);
    }
  });

  it("keeps the family-wise rate of a block chosen after looking, where the block's own p does not", async () => {
    const studies = 200;
    let [own, familyWise] = [0, 0];
    const many = Array.from({ length: 30 }, (_, unit) => `block.${unit % 6}`);
    for (let study = 0; study < studies; study += 1) {
      const { blocks, maximum } = await strongestBlockNull(noise(10, 30, 4_000 + study), many, {
        threshold: 1.5,
        flips: 199,
        seed: study,
      });
      if (Math.min(...blocks.map(({ count }) => count.p)) <= 0.05) own += 1;
      if (maximum.p <= 0.05) familyWise += 1;
    }
    expect(familyWise).toBeLessThanOrEqual(20); // 99.8 % of Binomial(200, 0.05) lie from 2 to 20
    expect(familyWise).toBeGreaterThanOrEqual(2);
    expect(own).toBeGreaterThan(30);
  });

  it("leaves degenerate units out, and a block of nothing else", async () => {
    const { blocks } = await strongestBlockNull(
      matrixOf([
        [1, 2, 5],
        [1, 3, 5],
        [1, 1, 5],
      ]),
      ["a", "a", "b"],
    );
    expect(blocks).toMatchObject([{ block: "a", units: 1 }]);
  });

  it("goes through the units in order of the blocks, to the last", async () => {
    const told: number[] = [];
    await strongestBlockNull(differences, labels, {
      flips: 50,
      onProgress: ({ done, total }) => told.push(done / total),
    });
    expect(told).toEqual([...told].sort((left, right) => left - right));
    expect(told.at(-1)).toBe(1);
  });

  it("refuses another number of labels than of units, and differences that never vary", async () => {
    await expect(strongestBlockNull(differences, ["a"])).rejects.toMatchObject({ code: "shape-mismatch" });
    await expect(strongestBlockNull(matrixOf([[1], [1]]), ["a"])).rejects.toMatchObject({
      code: "degenerate",
    });
  });
});
