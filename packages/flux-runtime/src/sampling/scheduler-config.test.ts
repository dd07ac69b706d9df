import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { schedulerConfigSchema } from "./scheduler-config.ts";

const klein: unknown = JSON.parse(
  readFileSync(
    new URL("../../test/fixtures/klein-tiny/checkpoint/scheduler/scheduler_config.json", import.meta.url),
    "utf8",
  ),
);
const _class_name = "FlowMatchEulerDiscreteScheduler";

const refusal = (json: unknown): string => {
  const { error } = schedulerConfigSchema.safeParse(json);
  return error === undefined ? "accepted" : z.prettifyError(error);
};

describe("schedulerConfigSchema", () => {
  it("reads Klein's configuration", () => {
    expect(schedulerConfigSchema.parse(klein)).toEqual({
      num_train_timesteps: 1000,
      shift: 3,
      use_dynamic_shifting: true,
      time_shift_type: "exponential",
      shift_terminal: null,
    });
  });

  it("takes the reference's defaults for what is left out", () => {
    expect(schedulerConfigSchema.parse({ _class_name })).toEqual({
      num_train_timesteps: 1000,
      shift: 1,
      use_dynamic_shifting: false,
      time_shift_type: "exponential",
      shift_terminal: null,
    });
  });

  it("refuses another scheduler", () => {
    expect(refusal({ _class_name: "DDIMScheduler" })).toMatch(
      /expected "FlowMatchEulerDiscreteScheduler"[^]*_class_name/,
    );
  });

  it.each([
    "invert_sigmas",
    "stochastic_sampling",
    "use_beta_sigmas",
    "use_exponential_sigmas",
    "use_flow_sigmas",
    "use_karras_sigmas",
  ])("refuses %s, naming it", (option) => {
    expect(refusal({ _class_name, [option]: false })).toBe("accepted");
    expect(refusal({ _class_name, [option]: true })).toMatch(new RegExp(`not supported[^]*at ${option}`));
  });

  it.each([
    ["no object", 3],
    ["an unknown time shift", { _class_name, time_shift_type: "cubic" }],
    ["a shift of 0", { _class_name, shift: 0 }],
    ["a number as text", { _class_name, num_train_timesteps: "1000" }],
    ["a terminal sigma of 1", { _class_name, shift_terminal: 1 }],
  ])("refuses %s", (_title, json) => {
    expect(refusal(json)).not.toBe("accepted");
  });
});
