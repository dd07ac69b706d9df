import { expect, it } from "vitest";
import { plantedRows } from "./planted-rows.ts";

const constant = Float64Array.from({ length: 32 }, (_, channel) => 0.3 + 0.71 * Math.sin(channel));
const direction = Float64Array.from({ length: 32 }, (_, channel) => 0.004 * Math.cos(3 * channel));
const { gate, linear } = plantedRows(constant, { direction, centre: 0.2, channels: 16 });

it("every value is one that bfloat16 holds", () => {
  const words = new Uint32Array(Float32Array.from([...gate, ...linear]).buffer);
  expect(words.every((word) => (word & 0xffff) === 0)).toBe(true);
});

it("the mean over a unit's channels is nearer to the row than bfloat16 could be", () => {
  for (const [channel, value] of constant.entries()) {
    const wanted = value * (1 - 0.2) + (direction[channel] ?? 0);
    let sum = 0;
    for (let copy = 0; copy < 16; copy += 1) sum += linear[copy * 32 + channel] ?? NaN;
    expect(Math.abs(sum / 16 - wanted)).toBeLessThan((2 ** -9 / 8) * Math.abs(wanted) + 1e-9);
  }
});
