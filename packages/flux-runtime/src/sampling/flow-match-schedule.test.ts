import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computeEmpiricalMu, createFlowMatchSchedule } from "./flow-match-schedule.ts";
import { schedulerConfigSchema } from "./scheduler-config.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";

const fixtures = new URL("../../test/fixtures/klein-tiny/", import.meta.url);
const readJson = (path: string): unknown => JSON.parse(readFileSync(new URL(path, fixtures), "utf8"));

const klein = schedulerConfigSchema.parse(readJson("checkpoint/scheduler/scheduler_config.json"));
/** Recorded from diffusers 0.40.0.dev0. */
const recorded = readJson("expected.json") as {
  readonly schedule: readonly {
    readonly image_seq_len: number;
    readonly steps: number;
    readonly mu: number;
    readonly sigmas: readonly number[];
    readonly timesteps: readonly number[];
  }[];
};

describe("createFlowMatchSchedule(config, { imageSequenceLength, steps })", () => {
  it.each(recorded.schedule)(
    "equals the reference to the last bit: $image_seq_len tokens, $steps steps",
    ({ image_seq_len: imageSequenceLength, steps, mu, sigmas, timesteps }) => {
      const schedule = createFlowMatchSchedule(klein, { imageSequenceLength, steps });
      expect(schedule.mu).toBe(mu);
      expect([...schedule.sigmas]).toEqual(sigmas.map(Math.fround));
      expect([...schedule.timesteps]).toEqual(timesteps.map(Math.fround));
    },
  );
  it("covers 28 recorded cases", () => {
    expect(recorded.schedule.length).toBe(28);
  });

  it("falls from 1 to 0, whatever the length and the number of steps", () => {
    const size = fc.record({
      imageSequenceLength: fc.integer({ min: 1, max: 16_384 }),
      steps: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(size, (options) => {
        const { sigmas } = createFlowMatchSchedule(klein, options);
        expect(sigmas.length).toBe(options.steps + 1);
        expect(sigmas[0]).toBe(1);
        expect(sigmas.at(-1)).toBe(0);
        expect([...sigmas]).toEqual([...sigmas].sort((a, b) => b - a));
        expect(new Set(sigmas).size).toBe(sigmas.length);
      }),
    );
  });

  const plain: SchedulerConfig = { ...klein, use_dynamic_shifting: false };

  it("shifts statically where dynamic shifting is off: σ → 3σ / (1 + 2σ)", () => {
    const { sigmas } = createFlowMatchSchedule(plain, { imageSequenceLength: 64, steps: 4 });
    const shifted = [1, 0.75, 0.5, 0.25, 0].map((sigma) => (3 * sigma) / (1 + 2 * sigma));
    sigmas.forEach((sigma, i) => {
      expect(sigma).toBeCloseTo(shifted[i] ?? NaN, 6);
    });
    const unshifted = createFlowMatchSchedule({ ...plain, shift: 1 }, { imageSequenceLength: 64, steps: 4 });
    expect([...unshifted.sigmas]).toEqual([1, 0.75, 0.5, 0.25, 0]);
  });

  it("shifts linearly in mu where asked: σ → μ / (μ + 1/σ − 1)", () => {
    const linear: SchedulerConfig = { ...klein, time_shift_type: "linear" };
    const { mu, sigmas } = createFlowMatchSchedule(linear, { imageSequenceLength: 4096, steps: 4 });
    const shifted = [1, 0.75, 0.5, 0.25].map((sigma) => mu / (mu + 1 / sigma - 1));
    shifted.forEach((sigma, i) => {
      expect(sigmas[i]).toBeCloseTo(sigma, 6);
    });
  });

  it("stretches the schedule to end at shift_terminal", () => {
    const terminal: SchedulerConfig = { ...plain, shift: 1, shift_terminal: 0.1 };
    const { sigmas } = createFlowMatchSchedule(terminal, { imageSequenceLength: 64, steps: 4 });
    [1, 0.7, 0.4, 0.1, 0].forEach((sigma, i) => {
      expect(sigmas[i]).toBeCloseTo(sigma, 6);
    });
  });

  it("refuses one step with shift_terminal, which would be 0 / 0", () => {
    const terminal: SchedulerConfig = { ...klein, shift_terminal: 0.1 };
    expect(() => createFlowMatchSchedule(terminal, { imageSequenceLength: 64, steps: 1 })).toThrow(
      /two steps or more/,
    );
  });

  it("scales the timesteps by num_train_timesteps", () => {
    const config: SchedulerConfig = { ...klein, num_train_timesteps: 500 };
    expect(createFlowMatchSchedule(config, { imageSequenceLength: 64, steps: 1 }).timesteps[0]).toBe(500);
  });

  it.each([0, -1, 1.5, NaN])("refuses %s steps or tokens", (count) => {
    expect(() => createFlowMatchSchedule(klein, { imageSequenceLength: 64, steps: count })).toThrow(
      /steps must be a positive integer/,
    );
    expect(() => createFlowMatchSchedule(klein, { imageSequenceLength: count, steps: 1 })).toThrow(
      /imageSequenceLength must be a positive integer/,
    );
  });
});

describe("computeEmpiricalMu({ imageSequenceLength, steps })", () => {
  it("does not depend on the steps beyond 4300 tokens", () => {
    const mu = (steps: number): number => computeEmpiricalMu({ imageSequenceLength: 4301, steps });
    expect(mu(1)).toBe(mu(200));
  });
});
