import { FluxRuntimeError, type FluxRuntimeErrorCode } from "@measure-plantain/flux-runtime";
import { expect, it } from "vitest";
import { exitCodeOf, formatError } from "./exit-code.ts";

it.each<[FluxRuntimeErrorCode, number]>([
  ["invalid-argument", 2],
  ["checkpoint-not-found", 2],
  ["checkpoint-not-cached", 2],
  ["hub-access-denied", 2],
  ["device-unavailable", 2],
  ["hub-rate-limited", 1],
  ["hub-unreachable", 1],
  ["hub-invalid-answer", 1],
  ["download-interrupted", 1],
  ["download-corrupted", 1],
  ["disk-full", 1],
])("exitCodeOf gives %s %d: 2 for what the user can put right in the command", (code, expected) => {
  expect(exitCodeOf(new FluxRuntimeError(code, "failed"))).toBe(expected);
});

it("formatError names the flag of an option, and shows no stack of an expected error", () => {
  const error = new FluxRuntimeError("invalid-argument", "The option `width` must be even.", {
    option: "width",
  });
  expect(formatError(error)).toBe("measure-plantain: --width must be even.");
});
