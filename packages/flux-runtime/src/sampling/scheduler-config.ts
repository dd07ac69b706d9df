import { z } from "zod";

/** `scheduler_config.json`: what a schedule depends on. */
export interface SchedulerConfig {
  /** Timesteps run from this number down to 0; 1000 in every released model. */
  readonly num_train_timesteps: number;
  /** The shift of every image size alike, used where `use_dynamic_shifting` is false. */
  readonly shift: number;
  /** Whether the shift follows from the length of the image sequence. */
  readonly use_dynamic_shifting: boolean;
  /** How a dynamic shift bends the schedule: by exp(mu), or by mu itself. */
  readonly time_shift_type: "exponential" | "linear";
  /** The last sigma above 0 that the schedule is stretched to; null or 0 leave it as it is. */
  readonly shift_terminal: number | null;
}

/** An option of the reference scheduler that FLUX.2 never sets and that would change every number. */
const unused = z
  .literal(false, {
    error: "is not supported: FLUX.2 does not use this option, and it would change the schedule",
  })
  .default(false);

/**
 * `scheduler/scheduler_config.json` of a FLUX.2 checkpoint; what it leaves out takes the reference's defaults, and
 * options that FLUX.2 does not use are refused.
 *
 * Source: the arguments of diffusers' `FlowMatchEulerDiscreteScheduler`.
 */
export const schedulerConfigSchema: z.ZodType<SchedulerConfig> = z
  .object({
    _class_name: z.literal("FlowMatchEulerDiscreteScheduler"),
    num_train_timesteps: z.int().positive().default(1000),
    shift: z.number().positive().default(1),
    use_dynamic_shifting: z.boolean().default(false),
    time_shift_type: z.enum(["exponential", "linear"]).default("exponential"),
    shift_terminal: z.number().min(0).lt(1).nullable().default(null),
    invert_sigmas: unused,
    stochastic_sampling: unused,
    use_beta_sigmas: unused,
    use_exponential_sigmas: unused,
    use_flow_sigmas: unused,
    use_karras_sigmas: unused,
  })
  .transform(({ num_train_timesteps, shift, use_dynamic_shifting, time_shift_type, shift_terminal }) => ({
    num_train_timesteps,
    shift,
    use_dynamic_shifting,
    time_shift_type,
    shift_terminal,
  }));
