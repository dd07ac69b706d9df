import { getCheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { describe, expect, it } from "vitest";
import { sizesOfSpec } from "./model-sizes.ts";
import { fitBatch } from "./choose-batch.ts";

describe("fitBatch(request)", () => {
  const sizes = sizesOfSpec(getCheckpointSpec("klein-4b"));
  const at = (freeMemory: number, tokens = 512 + 2 * 4_096): number =>
    fitBatch({ sizes, tokens, numberSize: 2, freeMemory });

  it("is 1 where one pass of Klein 4B at 1024 × 1024 just fits, or does not", () => {
    expect(at(11e9)).toBe(1);
    expect(at(4e9)).toBe(1);
  });
  it("grows with the free memory, up to a limit", () => {
    const batches = [11e9, 16e9, 24e9, 48e9, 80e9].map((bytes) => at(bytes));
    expect(batches).toEqual([...batches].sort((a, b) => a - b));
    expect(batches[2]).toBeGreaterThan(1);
    expect(batches.at(-1)).toBe(8);
  });
  it("is smaller for longer sequences and wider numbers", () => {
    expect(at(16e9)).toBeLessThan(at(16e9, 512 + 2 * 1_024));
    expect(fitBatch({ sizes, tokens: 8_704, numberSize: 4, freeMemory: 24e9 })).toBeLessThan(at(24e9));
  });
});
