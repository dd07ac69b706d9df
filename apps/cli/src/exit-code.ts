import { FluxRuntimeError, type FluxRuntimeErrorCode } from "@measure-plantain/flux-runtime";
import { HeadHooksError } from "@measure-plantain/head-hooks";
import { PairedStatsError } from "@measure-plantain/paired-stats";
import { PromptsError } from "@measure-plantain/prompts";
import { CommanderError } from "commander";
import { ProbeError, type ProbeErrorCode } from "@measure-plantain/probe";
import { ReportError, type ReportErrorCode } from "@measure-plantain/report";
import { Interruption } from "./interruption.ts";
import { nameFlags } from "./terminal/name-flags.ts";
import { UsageError } from "./usage-error.ts";

/** The runtime's errors that are nobody's input. */
const failures: readonly FluxRuntimeErrorCode[] = [
  "session-failed",
  "unwritable-file",
  "disk-full",
  "hub-rate-limited",
  "hub-unreachable",
  "hub-invalid-answer",
  "download-interrupted",
  "download-corrupted",
];

/** 0 done, 2 wrong use or bad input, 1 failure, 130 and 143 ended by Ctrl-C and SIGTERM. */
export function exitCodeOf(error: unknown): 0 | 1 | 2 | Interruption["exitCode"] {
  if (error instanceof Interruption) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof FluxRuntimeError) return failures.includes(error.code) ? 1 : 2;
  const badInput = [UsageError, ProbeError, ReportError, PromptsError, HeadHooksError, PairedStatsError];
  return badInput.some((kind) => error instanceof kind) ? 2 : 1;
}

/** Which command helps, for errors of packages that know of no commands. */
const hints: Readonly<Partial<Record<ProbeErrorCode | ReportErrorCode, string>>> = {
  "changed-captures": "stats, report and compare read it as it is with --accept-changed-captures.",
  "no-summary": "`measure-plantain stats DIR` does.",
  "part-of-a-run": "`measure-plantain merge OUT SHARD_DIR…` does.",
};

function hintsFor(error: Error): string[] {
  const hint = error instanceof ProbeError || error instanceof ReportError ? hints[error.code] : undefined;
  return hint === undefined ? [] : [hint];
}

/** What a person reads: the message of an expected error; of an unexpected one, the stack too. */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return `measure-plantain: ${String(error)}`;
  const { code } = error as NodeJS.ErrnoException; // a system error has a code
  if (code === "ENOSPC") {
    return `measure-plantain: the disk is full (${error.message}). Free some room; the same command goes on from there.`;
  }
  // Of the system, about a file or folder that the message names.
  if (code !== undefined && (error as NodeJS.ErrnoException).syscall !== undefined) {
    return `measure-plantain: ${error.message}. Correct the path, or who may read and write there; what was stored is kept.`;
  }
  const isExpected =
    exitCodeOf(error) === 2 || error instanceof FluxRuntimeError || error instanceof Interruption;
  if (!isExpected) return `measure-plantain: ${error.stack ?? error.message}`;
  return [`measure-plantain: ${nameFlags(error.message)}`, ...hintsFor(error)].join(" ");
}
