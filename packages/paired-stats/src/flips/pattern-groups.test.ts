import { describe, expect, it } from "vitest";
import { allLabellings } from "./labellings.ts";
import { patternGroups, selectRows, tableRows } from "./pattern-groups.ts";

describe("patternGroups", () => {
  it("splits 25 pairs into 7, 6, 6 and 6", () => {
    expect(patternGroups(25).map(({ pairs }) => pairs)).toEqual([7, 6, 6, 6]);
  });

  it("covers every pair once, and gives each group its own rows", () => {
    for (let pairs = 1; pairs <= 60; pairs += 1) {
      let pair = 0;
      let row = 0;
      for (const group of patternGroups(pairs)) {
        expect([group.firstPair, group.firstRow]).toEqual([pair, row]);
        pair += group.pairs;
        row += 2 ** group.pairs;
      }
      expect(pair).toBe(pairs);
      expect(tableRows(patternGroups(pairs))).toBe(row);
    }
  });
});

describe("selectRows", () => {
  it("takes the flips of a group as the bits of its row, the first pair lowest", () => {
    const groups = patternGroups(9); // 5 and 4 pairs
    const rows = new Uint32Array(4);
    selectRows(allLabellings(9), 0b0110_00011, 0b0000_00100, groups, rows);
    expect([...rows]).toEqual([0b00011, 32 + 0b0110, 0b00111, 32 + 0b0110]);
  });
});
