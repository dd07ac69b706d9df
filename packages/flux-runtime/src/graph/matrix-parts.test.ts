import { describe, expect, it } from "vitest";
import { partColumns } from "./matrix-parts.ts";

describe("partColumns", () => {
  it.each([
    ["a small matrix", [96, 288]],
    ["a large one that narrows, which taps know by its name", [12_288, 3_072]],
  ])("leaves %s whole", (_, [rows = 0, columns = 0]) => {
    expect(partColumns([rows, columns])).toEqual([columns]);
  });

  it("divides a large matrix that widens into parts of at most 16 MiB in float32, which are all of it", () => {
    const [rows, columns] = [3_072, 27_648];
    const parts = partColumns([rows, columns]);
    expect(Math.max(...parts) * rows * 4).toBeLessThanOrEqual(2 ** 24);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(columns);
    expect(Math.min(...parts)).toBeGreaterThan(0);
  });
});
