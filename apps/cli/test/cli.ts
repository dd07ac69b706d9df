import { AsyncLocalStorage } from "node:async_hooks";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { inject } from "vitest";
import { runCommandLine } from "../src/run-command-line.ts";

const main = join(import.meta.dirname, "..", "dist", "main.js");

/** The checkpoint of the runtime's parity tests, and what belongs to it. */
export const kleinTiny: string = join(
  import.meta.dirname,
  "../../../packages/flux-runtime/test/fixtures/klein-tiny",
);

/** Options that make a run take the weights with few blocks and layers that the tests share, instead of `tiny`. */
export const fewBlocks: readonly string[] = [
  ...["--checkpoint", inject("fewBlocks")],
  ...["--text-encoder-layers", "1,2,3"],
];

/** Options that give a run its fixed image: what is not about rendering it saves three models by them. */
export const givenReference: readonly string[] = ["--reference", join(kleinTiny, "reference.png")];

/** A folder for one test file, with a cache of its own, so that nothing of the user's is read or written. */
export interface Workplace {
  readonly folder: string;
  path(...parts: readonly string[]): string;
  /**
   * Runs a command to its end, in this process: what a process adds is a second to load and to warm up, and the exit code and
   * the signals that `spawn` and `start` test.
   */
  run(...args: readonly string[]): Promise<Finished>;
  /** Runs the built command to its end. */
  spawn(...args: readonly string[]): Promise<Finished>;
  /** Runs it in a folder of the workplace, with further variables. */
  runIn(
    folder: string,
    variables: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<Finished>;
  /** Starts the built command. */
  start(...args: readonly string[]): ChildProcess;
  /** Starts the built command, and kills it once the run folder `out` holds some passes; returns how many it then holds. */
  killAmidPasses(out: string, passes: number, ...args: readonly string[]): Promise<number>;
  remove(): void;
}

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param environment - Variables beside the defaults, read at each start; by default nothing is asked of any network.
 */
export function createWorkplace(environment: Readonly<Record<string, string>> = {}): Workplace {
  const folder = mkdtempSync(join(tmpdir(), "measure-plantain-"));
  const ownVariables = (): Readonly<Record<string, string>> => ({
    MEASURE_PLANTAIN_CACHE: join(folder, "cache"),
    HF_HOME: join(folder, "huggingface"),
    HF_HUB_OFFLINE: "1",
    ...environment,
  });
  const before = { folder: process.cwd(), environment: { ...process.env } };
  const startIn = (
    cwd: string,
    variables: Readonly<Record<string, string>>,
    args: readonly string[],
  ): ChildProcess =>
    spawn(process.execPath, [main, ...args], {
      cwd,
      env: { ...before.environment, ...ownVariables(), ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const start = (...args: readonly string[]): ChildProcess => startIn(folder, {}, args);
  return {
    folder,
    path: (...parts) => join(folder, ...parts),
    start,
    run: (...args) => {
      process.chdir(folder);
      Object.assign(process.env, ownVariables());
      return runHere(args);
    },
    spawn: (...args) => finish(start(...args)),
    runIn: (name, variables, ...args) => finish(startIn(join(folder, name), variables, args)),
    killAmidPasses: async (out, passes, ...args) => {
      const child = start(...args, "--out", out);
      const stored = (): number => {
        const kept = join(folder, out, "passes");
        return existsSync(kept)
          ? readdirSync(kept).filter((name) => name.endsWith(".safetensors")).length
          : 0;
      };
      while (stored() < passes) await setTimeout(5);
      child.kill("SIGKILL");
      await finish(child);
      return stored();
    },
    remove: () => {
      process.chdir(before.folder);
      for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
      Object.assign(process.env, before.environment);
      rmSync(folder, { recursive: true });
    },
  };
}

/** What each command that runs in this process has written. */
const written = new AsyncLocalStorage<{ stdout: string; stderr: string }>();

for (const name of ["stdout", "stderr"] as const) {
  const stream = process[name];
  const write = stream.write.bind(stream);
  stream.write = (chunk: string, ...rest: []) => {
    const texts = written.getStore();
    if (texts === undefined) return write(chunk, ...rest);
    texts[name] += chunk;
    return true;
  };
}

async function runHere(args: readonly string[]): Promise<Finished> {
  const texts = { stdout: "", stderr: "" };
  const exitCode = await written.run(texts, () => runCommandLine(args, new AbortController().signal));
  return { exitCode, ...texts };
}

export function finish(child: ChildProcess): Promise<Finished> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.on("close", (exitCode) => {
      resolve({ exitCode, stdout, stderr });
    });
  });
}

/** A prompt set of a few pairs, as JSON. */
export function promptSetJson(changes: Record<string, unknown> = {}): string {
  const reference = { prompt: "a grey object", seed: 1, steps: 2, guidance: 4, width: 64, height: 64 };
  const pairs = ["thumb", "house", "hill"].map((word) => ({
    id: word,
    a: `an object smaller than a ${word}`,
    b: `an object larger than a ${word}`,
  }));
  const labels = { a: "small", b: "large" };
  return JSON.stringify({
    name: "few",
    version: "1.0.0",
    title: "A few pairs",
    labels,
    reference,
    pairs,
    ...changes,
  });
}
