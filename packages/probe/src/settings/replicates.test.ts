import { describe, expect, it } from "vitest";
import { listReplicates, seedOfPass, type NuisanceSettings } from "./replicates.ts";
import type { ReferenceSettings } from "./settings.ts";

const file = (sha256: string): ReferenceSettings => ({ kind: "file", sha256 });
const nuisance = (noise: NuisanceSettings["noise"]): NuisanceSettings => ({
  noiseSeeds: [5, 6],
  noise,
  sigmas: [1, 0.5],
});

describe("listReplicates(settings)", () => {
  it("is every combination of image, seed and noise level", () => {
    const replicates = listReplicates({ ...nuisance("shared"), references: [file("one"), file("two")] });
    expect(replicates).toHaveLength(8);
    expect(new Set(replicates.map((replicate) => JSON.stringify(replicate))).size).toBe(8);
    expect(replicates[0]).toEqual({ reference: 0, noiseSeed: 5, sigma: 1 });
    expect(replicates[7]).toEqual({ reference: 1, noiseSeed: 6, sigma: 0.5 });
  });
  it("without an image has combinations of the others", () => {
    expect(
      listReplicates({ ...nuisance("shared"), references: [] }).map(({ reference }) => reference),
    ).toEqual([null, null, null, null]);
  });
});

describe("seedOfPass(settings, replicate, pass)", () => {
  const seeds = (noise: NuisanceSettings["noise"]): number[] =>
    [0, 1, 2].flatMap((pair) =>
      ([0, 1] as const).flatMap((condition) =>
        [5, 6].map((noiseSeed) =>
          seedOfPass(nuisance(noise), { reference: null, noiseSeed, sigma: 1 }, { pair, condition }),
        ),
      ),
    );
  it("is the repetition's own for all pairs and conditions where the noise is shared", () => {
    expect(new Set(seeds("shared"))).toEqual(new Set([5, 6]));
  });
  it("is another for each pass where the noise is independent", () => {
    expect(new Set(seeds("independent")).size).toBe(12);
  });
});
