import { describe, expect, it } from "vitest";
import { smallLayout as layout } from "../../test/small-layout.ts";
import { headRecords, unitRecords, unitTable } from "./unit-layout.ts";

describe("unitTable", () => {
  it("tells each unit's section, first channel and head", () => {
    const table = unitTable(layout);
    expect([...table.tap]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...table.section]).toEqual([0, 0, 1, 1, 1, 1]);
    expect([...table.start]).toEqual([0, 2, 0, 2, 4, 6]);
    expect([...table.head]).toEqual([-1, -1, 0, 0, 1, 1]);
  });
});

describe("unitRecords and headRecords", () => {
  it("name the units and the heads in the order of the last axis", () => {
    expect(unitRecords(layout).map(({ address }) => address)).toEqual([
      "b.mlp[0:2]",
      "b.mlp[2:4]",
      "b.attn[0:2]",
      "b.attn[2:4]",
      "b.attn[4:6]",
      "b.attn[6:8]",
    ]);
    expect(headRecords(layout)).toEqual([
      { address: "b.head.0", block: "b", kind: "attn", channels: [0, 4] },
      { address: "b.head.1", block: "b", kind: "attn", channels: [4, 8] },
    ]);
  });
});
