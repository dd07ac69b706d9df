import { FluxRuntimeError } from "../errors.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";

/** What the schedule of one run depends on, beside the scheduler's configuration. */
export interface FlowMatchScheduleOptions {
  /** Tokens of the image that is being made; reference images and text do not count. */
  readonly imageSequenceLength: number;
  /** Denoising steps, from 1. With `sigmas` it decides only how far those are shifted. */
  readonly steps: number;
  /**
   * The noise levels before the shift, one for each step: falling, above 0 and at most 1. By default evenly spaced from 1 to
   * 1 / steps.
   */
  readonly sigmas?: readonly number[] | undefined;
}

/** The noise levels of a run. */
export interface FlowMatchSchedule {
  /** The exponent of the dynamic shift; computed, but without effect, where the configuration shifts statically. */
  readonly mu: number;
  /** [steps + 1], falling; the last is 0. With given sigmas there are as many steps as sigmas. */
  readonly sigmas: Float32Array;
  /** [steps], sigma times the number of training timesteps; the transformer takes a 1000th of it. */
  readonly timesteps: Float32Array;
}

const { fround } = Math;

/**
 * The noise levels that a run goes through, shifted towards noise the more the longer the image sequence is.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where a length or count is no positive integer, `sigmas` do not fall from 1 or
 * less to more than 0, or one step should end at `shift_terminal`, which is 0 divided by 0 in the reference.
 *
 * Source: `Flux2KleinPipeline.__call__`, step 6, and `FlowMatchEulerDiscreteScheduler.set_timesteps` in diffusers.
 */
export function createFlowMatchSchedule(
  config: SchedulerConfig,
  { imageSequenceLength, steps, sigmas: given }: FlowMatchScheduleOptions,
): FlowMatchSchedule {
  requirePositiveInteger("steps", steps);
  const mu = computeEmpiricalMu({ imageSequenceLength, steps });
  let sigmas = given === undefined ? linearSigmas(steps) : fallingSigmas(given);
  if (!config.use_dynamic_shifting) sigmas = shiftStatically(sigmas, config.shift);
  else sigmas = shiftInTime(sigmas, fround(config.time_shift_type === "exponential" ? Math.exp(mu) : mu));
  if (config.shift_terminal) sigmas = stretchToTerminal(sigmas, config.shift_terminal);

  const withEnd = new Float32Array(sigmas.length + 1);
  withEnd.set(sigmas);
  return { mu, sigmas: withEnd, timesteps: sigmas.map((sigma) => sigma * config.num_train_timesteps) };
}

/**
 * The shift that was fitted for FLUX.2: linear in the sequence length, between one line for 10 and one for 200 steps.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where a length or count is no positive integer.
 *
 * Source: `compute_empirical_mu` in `pipeline_flux2_klein.py` of diffusers.
 */
export function computeEmpiricalMu({ imageSequenceLength, steps }: FlowMatchScheduleOptions): number {
  requirePositiveInteger("imageSequenceLength", imageSequenceLength);
  requirePositiveInteger("steps", steps);
  const at200Steps = 0.00016927 * imageSequenceLength + 0.45666666;
  if (imageSequenceLength > 4300) return at200Steps;
  const at10Steps = 8.73809524e-5 * imageSequenceLength + 1.89833333;
  const slope = (at200Steps - at10Steps) / 190;
  return slope * steps + (at200Steps - 200 * slope);
}

/** [steps] from 1 down to 1 / steps: in float64 as numpy's linspace, then rounded to float32. */
function linearSigmas(steps: number): Float32Array {
  const stride = (1 / steps - 1) / (steps - 1);
  return Float32Array.from({ length: steps }, (_, i) => {
    if (i === 0) return 1;
    return i === steps - 1 ? 1 / steps : i * stride + 1;
  });
}

/**
 * Given noise levels in float32, in which they fall, too.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where they do not fall from 1 or less to more than 0.
 */
function fallingSigmas(given: readonly number[]): Float32Array {
  const sigmas = Float32Array.from(given);
  const falls = sigmas.every((sigma, step) => sigma > 0 && sigma < (sigmas[step - 1] ?? 1 + Number.EPSILON));
  if (falls && sigmas.length > 0) return sigmas;
  throw new FluxRuntimeError(
    "invalid-argument",
    `The option \`sigmas\` must be numbers that fall from 1 or less to more than 0, but is [${given.join(", ")}]. Leave out the 0 at the end: the last step leads there by itself.`,
    { option: "sigmas", received: given },
  );
}

/** σ → s / (s + 1/σ − 1), every step rounded to float32 as numpy does. */
function shiftInTime(sigmas: Float32Array, strength: number): Float32Array {
  return sigmas.map((sigma) => strength / fround(strength + fround(fround(1 / sigma) - 1)));
}

/** σ → s σ / (1 + (s − 1) σ), every step rounded to float32 as numpy does. */
function shiftStatically(sigmas: Float32Array, shift: number): Float32Array {
  const scale = fround(shift);
  const growth = fround(shift - 1);
  return sigmas.map((sigma) => fround(scale * sigma) / fround(1 + fround(growth * sigma)));
}

/** Stretches 1 − σ so that the last sigma becomes `terminal`. */
function stretchToTerminal(sigmas: Float32Array, terminal: number): Float32Array {
  const last = fround(1 - (sigmas.at(-1) ?? 0));
  if (last === 0) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `The scheduler stretches the schedule to end at sigma ${terminal}, but with one step it begins and ends at 1. Take two steps or more.`,
      { shiftTerminal: terminal, steps: sigmas.length },
    );
  }
  const scale = fround(last / fround(1 - terminal));
  return sigmas.map((sigma) => 1 - fround(fround(1 - sigma) / scale));
}

function requirePositiveInteger(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new FluxRuntimeError(
    "invalid-argument",
    `${name} must be a positive integer, but got ${value}. Give a whole number of 1 or more.`,
    { name, value },
  );
}
