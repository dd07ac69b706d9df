import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFlowMatchSchedule } from "./flow-match-schedule.ts";
import { roundTimestep } from "./round-timestep.ts";
import { schedulerConfigSchema } from "./scheduler-config.ts";

/** To nearest, ties to even, with so many significant bits: for numbers that are normal in the type. */
function roundToBits(value: number, significantBits: number): number {
  if (value === 0) return 0;
  const ulp = 2 ** (Math.floor(Math.log2(Math.abs(value))) - significantBits + 1);
  const below = Math.floor(value / ulp);
  const rest = value / ulp - below;
  return (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below) * ulp;
}

/** The reference's chain with one rounding behind each operation. */
function chain(timestep: number, significantBits: number): number {
  const cast = roundToBits(timestep, significantBits);
  const divided = roundToBits(Math.fround(cast / 1_000), significantBits);
  return roundToBits(Math.fround(divided * 1_000), significantBits);
}

const significantBits = { bfloat16: 8, float16: 11 } as const;

describe("roundTimestep(timestep, computeType)", () => {
  // What PyTorch 2.13 gives for tensor(t).to(dtype).div(1000).mul(1000).
  it.each([
    [1_000, 1_000, 1_000],
    [982.45, 984, 982.5],
    [925.58, 924, 925.5],
    [717.82, 716, 718],
    [0.3, 0.30078125, 0.300048828125],
    [0, 0, 0],
  ])("gives for %d what PyTorch gives: %d in bfloat16, %d in float16", (timestep, bfloat16, float16) => {
    expect(roundTimestep(timestep, "bfloat16")).toBe(bfloat16);
    expect(roundTimestep(timestep, "float16")).toBe(float16);
  });

  it.each(["bfloat16", "float16"] as const)("rounds in %s behind each of the three operations", (type) => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1_000, noNaN: true }).map(Math.fround), (timestep) => {
        expect(roundTimestep(timestep, type)).toBe(chain(timestep, significantBits[type]));
      }),
    );
  });

  it("gives in bfloat16 the reference's timesteps of 14 steps at 1024²", () => {
    const { timesteps } = createFlowMatchSchedule(
      schedulerConfigSchema.parse({
        _class_name: "FlowMatchEulerDiscreteScheduler",
        shift: 3,
        use_dynamic_shifting: true,
      }),
      { imageSequenceLength: 4_096, steps: 14 },
    );
    expect([...timesteps].map((timestep) => roundTimestep(timestep, "bfloat16"))).toEqual([
      1_000, 992, 984, 972, 960, 944, 924, 904, 876, 840, 788, 716, 608, 418,
    ]);
  });

  it("in float32 divides and multiplies with one rounding each, and nothing more", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1_000, noNaN: true }), (timestep) => {
        const { fround } = Math;
        expect(roundTimestep(timestep, "float32")).toBe(fround(fround(timestep / 1_000) * 1_000));
      }),
    );
  });
});
