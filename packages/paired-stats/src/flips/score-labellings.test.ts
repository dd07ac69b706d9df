import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { noise } from "../../test/noise.ts";
import { compileFlipKernel } from "./flip-kernel.ts";
import { allLabellings, randomLabellings } from "./labellings.ts";
import { scoreLabellings } from "./score-labellings.ts";

const bounds = [0.7, 0, 0.4]; // in no order
const unitsOf = (count: number): number[] => Array.from({ length: count }, (_, unit) => unit);

describe("scoreLabellings", () => {
  it("has a kernel on this machine", () => {
    expect(compileFlipKernel()).toBeInstanceOf(WebAssembly.Module);
  });

  it("gives the same bits in the kernel and in TypeScript, over random labellings", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 70 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        async (pairs, units, flips) => {
          const differences = noise(pairs, units, pairs * units);
          const labellings = randomLabellings(flips, pairs, 3);
          const plain = await scoreLabellings(differences, unitsOf(units), labellings, bounds, {
            engine: "plain",
          });
          const simd = await scoreLabellings(differences, unitsOf(units), labellings, bounds, { threads: 1 });
          expect(simd).toEqual(plain);
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it("gives the same bits in the kernel and in TypeScript, over all labellings", async () => {
    for (let pairs = 2; pairs <= 16; pairs += 1) {
      const differences = noise(pairs, 33, pairs);
      const labellings = allLabellings(pairs);
      const plain = await scoreLabellings(differences, unitsOf(33), labellings, bounds, { engine: "plain" });
      const simd = await scoreLabellings(differences, unitsOf(33), labellings, bounds, { threads: 1 });
      expect(simd).toEqual(plain);
    }
  });

  it("gives the same bits with any number of threads", async () => {
    const differences = noise(17, 100, 5);
    const labellings = allLabellings(17);
    const one = await scoreLabellings(differences, unitsOf(100), labellings, bounds, { threads: 1 });
    const three = await scoreLabellings(differences, unitsOf(100), labellings, bounds, { threads: 3 });
    expect(three).toEqual(one);
  });

  it("stops its threads when aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = scoreLabellings(noise(22, 500, 5), unitsOf(500), allLabellings(22), bounds, {
      threads: 2,
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
  });

  it("takes no WebAssembly memory for the plain engine", async () => {
    const taken = vi.spyOn(WebAssembly, "Memory");
    await scoreLabellings(noise(3, 1, 5), [0], allLabellings(3), [], { engine: "plain" });
    expect(taken).not.toHaveBeenCalled();
    taken.mockRestore();
  });

  it("refuses half a thread", async () => {
    const run = scoreLabellings(noise(3, 1, 5), [0], allLabellings(3), [], { threads: 0.5 });
    await expect(run).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
