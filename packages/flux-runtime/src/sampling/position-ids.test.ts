import { describe, expect, it } from "vitest";
import type { Tensor } from "../tensor.ts";
import { latentPositionIds, referencePositionIds, textPositionIds } from "./position-ids.ts";

const rows = ({ data, shape }: Tensor): number[][] =>
  Array.from({ length: shape[0] ?? 0 }, (_, i) => [...data.subarray(i * 4, i * 4 + 4)]);

describe("textPositionIds(length)", () => {
  it("counts on the last axis", () => {
    const ids = textPositionIds(3);
    expect(ids.shape).toEqual([3, 4]);
    expect(rows(ids)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, 0, 2],
    ]);
  });
});

describe("latentPositionIds({ height, width })", () => {
  it("goes through rows, then columns, at time 0", () => {
    const ids = latentPositionIds({ height: 2, width: 2 });
    expect(ids.shape).toEqual([4, 4]);
    expect(rows(ids)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 1, 0],
      [0, 1, 0, 0],
      [0, 1, 1, 0],
    ]);
  });
});

describe("referencePositionIds(sizes)", () => {
  it("puts the i-th image at time 10·(i + 1), each in its own grid", () => {
    const ids = referencePositionIds([
      { height: 1, width: 2 },
      { height: 2, width: 1 },
    ]);
    expect(ids.shape).toEqual([4, 4]);
    expect(rows(ids)).toEqual([
      [10, 0, 0, 0],
      [10, 0, 1, 0],
      [20, 0, 0, 0],
      [20, 1, 0, 0],
    ]);
  });
  it("is empty without images", () => {
    expect(referencePositionIds([]).shape).toEqual([0, 4]);
  });
});
