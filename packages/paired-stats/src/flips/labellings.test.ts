import { describe, expect, it } from "vitest";
import { randomWords } from "../random.ts";
import { allLabellings, chooseLabellings, randomLabellings, type Labellings } from "./labellings.ts";

const rowOf = ({ flips }: Labellings, labelling: number, pairs: number): number[] =>
  Array.from({ length: pairs }, (_, pair) => (flips(labelling, pair) ? -1 : 1));

describe("randomLabellings", () => {
  it("takes ⌈pairs / 32⌉ words per labelling, pair i from bit i mod 32 of word ⌊i / 32⌋", () => {
    const labellings = randomLabellings(3, 40, 12);
    const next = randomWords(12);
    for (let labelling = 0; labelling < 3; labelling += 1) {
      const words = [next(), next()];
      const expected = Array.from({ length: 40 }, (_, pair) =>
        ((words[pair >>> 5] ?? NaN) >>> (pair & 31)) & 1 ? -1 : 1,
      );
      expect(rowOf(labellings, labelling, 40)).toEqual(expected);
    }
  });

  it("flips every pair about half of the time", () => {
    const labellings = randomLabellings(2000, 25, 1);
    for (let pair = 0; pair < 25; pair += 1) {
      const flipped = Array.from({ length: 2000 }, (_, labelling) => labellings.flips(labelling, pair));
      expect(Math.abs(flipped.filter(Boolean).length - 1000)).toBeLessThan(100);
    }
  });
});

describe("allLabellings", () => {
  it("lists each labelling once up to the common sign, the observed one first", () => {
    const all = allLabellings(4);
    const rows = Array.from({ length: all.count }, (_, labelling) => rowOf(all, labelling, 4).join());
    expect(rows[0]).toBe("1,1,1,1");
    expect(new Set(rows).size).toBe(8);
    expect(rows.every((row) => row.endsWith(",1"))).toBe(true);
  });
});

describe("chooseLabellings", () => {
  it("takes given signs as they are", () => {
    const signs = { data: Int8Array.of(1, -1, -1, 1), shape: [2, 2] } as const;
    const given = chooseLabellings(2, { flips: 200, seed: 0, signs, exact: false });
    expect(given.count).toBe(2);
    expect([rowOf(given, 0, 2), rowOf(given, 1, 2)]).toEqual([
      [1, -1],
      [-1, 1],
    ]);
  });
});
