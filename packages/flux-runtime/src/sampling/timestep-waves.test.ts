import { expect, it } from "vitest";
import { timestepFrequencies, timestepWaves } from "./timestep-waves.ts";

it("timestepFrequencies(size) falls from 1 towards 1 / 10,000", () => {
  const frequencies = timestepFrequencies(256);
  expect(frequencies).toHaveLength(128);
  expect(frequencies[0]).toBe(1);
  expect(frequencies.at(-1)).toBeCloseTo(10_000 ** (-127 / 128), 9);
});

it("timestepWaves(timesteps, size) holds each timestep's cosines, then its sines", () => {
  const waves = timestepWaves([0, 1_000], 4);
  expect([...waves.subarray(0, 4)]).toEqual([1, 1, 0, 0]);
  const angles = [1_000, 1_000 / 100];
  const expected = [...angles.map(Math.cos), ...angles.map(Math.sin)];
  for (const [i, value] of expected.entries()) expect(waves[4 + i]).toBeCloseTo(value, 6);
});
