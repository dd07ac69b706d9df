import { describe, expect, it } from "vitest";
import type { Tensor } from "../tensor.ts";
import { eulerStep } from "./euler-step.ts";

const row = (...values: number[]): Tensor => ({ data: Float32Array.from(values), shape: [1, values.length] });

describe("eulerStep(latents, velocity, { sigma, nextSigma })", () => {
  it("adds (nextSigma − sigma) · velocity", () => {
    expect(eulerStep(row(1, 2), row(4, -8), { sigma: 1, nextSigma: 0.5 })).toEqual(row(-1, 6));
  });
  it("rounds the sigmas, the product and the sum to float32 each", () => {
    const { fround } = Math;
    const step = fround(fround(0.3) - fround(0.7));
    const { data } = eulerStep(row(0.1), row(0.2), { sigma: 0.7, nextSigma: 0.3 });
    expect(data[0]).toBe(fround(fround(0.1) + fround(step * fround(0.2))));
  });
  it("leaves its inputs as they were", () => {
    const [latents, velocity] = [row(1), row(1)];
    eulerStep(latents, velocity, { sigma: 1, nextSigma: 0 });
    expect([latents, velocity]).toEqual([row(1), row(1)]);
  });
  it("refuses velocities of another shape", () => {
    expect(() => eulerStep(row(1), row(1, 2), { sigma: 1, nextSigma: 0 })).toThrow(/\[1, 1\] and \[1, 2\]/);
  });
  it("refuses data that do not fit their shape, rather than taking 0 for what is missing", () => {
    const short = { data: Float32Array.of(1, 1), shape: [4] };
    const whole = { data: new Float32Array(4), shape: [4] };
    for (const [latents, velocity] of [
      [whole, short],
      [short, whole],
    ] as const) {
      expect(() => eulerStep(latents, velocity, { sigma: 1, nextSigma: 0 })).toThrow(
        /4 values for the shape \[4\], but are 2/,
      );
    }
  });
  it.each([NaN, -Infinity, Infinity])("refuses sigma %d, from or to", (sigma) => {
    expect(() => eulerStep(row(1), row(1), { sigma, nextSigma: 0 })).toThrow(/finite sigma/);
    expect(() => eulerStep(row(1), row(1), { sigma: 1, nextSigma: sigma })).toThrow(/finite sigma/);
  });
});
