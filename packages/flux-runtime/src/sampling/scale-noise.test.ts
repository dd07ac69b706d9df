import { describe, expect, it } from "vitest";
import { FluxRuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { eulerStep } from "./euler-step.ts";
import { scaleNoise } from "./scale-noise.ts";

const row = (...values: number[]): Tensor => ({ data: Float32Array.from(values), shape: [1, values.length] });

describe("scaleNoise(latents, noise, { sigma })", () => {
  it("is sigma · noise + (1 − sigma) · latents", () => {
    expect(scaleNoise(row(8, 0), row(0, 4), { sigma: 0.25 })).toEqual(row(6, 1));
  });
  it("is the noise itself at 1 and the latents themselves at 0", () => {
    const [latents, noise] = [row(0.1, -3), row(0.7, 5)];
    expect(scaleNoise(latents, noise, { sigma: 1 })).toEqual(noise);
    expect(scaleNoise(latents, noise, { sigma: 0 })).toEqual(latents);
  });
  it("rounds each product and the sum to float32", () => {
    const { fround } = Math;
    const [share, rest] = [fround(0.3), fround(1 - fround(0.3))];
    const { data } = scaleNoise(row(0.1), row(0.2), { sigma: 0.3 });
    expect(data[0]).toBe(fround(fround(share * fround(0.2)) + fround(rest * fround(0.1))));
  });
  it("is undone by one Euler step along the true velocity, noise − latents", () => {
    const [latents, noise] = [row(0.5, -2), row(1.5, 4)];
    const noisy = scaleNoise(latents, noise, { sigma: 0.5 });
    expect(eulerStep(noisy, row(1, 6), { sigma: 0.5, nextSigma: 0 })).toEqual(latents);
  });
  it("refuses noise of another shape, and a sigma outside 0 … 1", () => {
    expect(() => scaleNoise(row(1), row(1, 2), { sigma: 1 })).toThrow(/\[1, 1\] and \[1, 2\]/);
    for (const sigma of [-0.1, 1.5, Number.NaN]) {
      expect(() => scaleNoise(row(1), row(1), { sigma })).toThrow(FluxRuntimeError);
    }
  });
  it("refuses data that do not fit their shape, rather than taking 0 for what is missing", () => {
    const short = { data: Float32Array.of(1), shape: [1, 2] };
    expect(() => scaleNoise(row(1, 2), short, { sigma: 1 })).toThrow(/the noise.*2 values.*but are 1/);
    expect(() => scaleNoise(short, row(1, 2), { sigma: 1 })).toThrow(/the latents.*2 values.*but are 1/);
  });
});
