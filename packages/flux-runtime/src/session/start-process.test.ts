import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { getCheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../synthesis/synthesize-checkpoint.ts";
import { checkDevice } from "../machine/check-device.ts";
import { findOnnxRuntimePackage } from "./onnxruntime-package.ts";
import { startProcess } from "./start-process.ts";

let root: string;
let checkpoint: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "start-process-"));
  checkpoint = join(root, "tiny");
  await synthesizeCheckpoint(checkpoint, getCheckpointSpec("tiny"));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe("startProcess() where the system starts none", () => {
  const { execPath } = process;
  afterEach(() => {
    process.execPath = execPath;
    vi.unstubAllEnvs();
  });

  it.each([
    ["the program is missing", join("nowhere", "node"), "ENOENT"],
    ["the program may not be executed", fileURLToPath(import.meta.url), "EACCES"],
    ["the path leads through a file", join(fileURLToPath(import.meta.url), "node"), "ENOTDIR"],
  ])("rejects if %s, with its path", async (_, program, reason) => {
    process.execPath = program;
    await expect(startProcess()).rejects.toMatchObject({
      code: "session-failed",
      message: expect.stringContaining(`could not be started with ${program}`) as string,
      details: { program, reason },
    });
  });

  it("rejects if the environment is too large for a process, which the system says at once", async () => {
    vi.stubEnv("TOO_LARGE", "x".repeat(4_000_000));
    await expect(startProcess()).rejects.toMatchObject({ details: { reason: "E2BIG" } });
  });

  it("checkDevice gives the reason", async () => {
    process.execPath = join("nowhere", "node");
    expect(await checkDevice("cpu")).toMatchObject({
      works: false,
      reason: expect.stringContaining("Set process.execPath to a Node executable") as string,
    });
  });

  it.skipIf(existsSync(findOnnxRuntimePackage().cudaProvider))(
    "checkDevice says without a process that the CUDA provider is not installed",
    async () => {
      process.execPath = join("nowhere", "node");
      expect(await checkDevice("cuda")).toMatchObject({
        works: false,
        reason: expect.stringContaining("CUDA provider is not installed") as string,
      });
    },
  );
});

it("the model's process does not inherit flags that suit only the program that opens it", async () => {
  const { execArgv } = process;
  process.execArgv = ["--input-type=module"];
  try {
    expect(await checkDevice("cpu")).toEqual({ works: true });
  } finally {
    process.execArgv = execArgv;
  }
});

describe.skipIf(process.platform !== "linux")("the environment of a model's process", () => {
  const environmentOf = async (): Promise<string[]> => {
    const child = await startProcess();
    try {
      return readFileSync(`/proc/${child.pid}/environ`, "utf8").split("\0");
    } finally {
      child.kill("SIGKILL");
    }
  };
  const inElectron = (version: string | undefined): void => {
    Object.defineProperty(process.versions, "electron", {
      value: version,
      configurable: true,
      enumerable: true,
    });
  };
  afterEach(() => {
    delete (process.versions as { electron?: string }).electron; // set by a test
  });

  it("has Electron's executable be Node, where Electron is what runs", async () => {
    expect((await environmentOf()).some((line) => line.startsWith("ELECTRON_RUN_AS_NODE"))).toBe(false);
    inElectron("39.0.0");
    expect(await environmentOf()).toContain("ELECTRON_RUN_AS_NODE=1");
  });

  it("has telemetry off and no TF32", async () => {
    expect(await environmentOf()).toEqual(
      expect.arrayContaining(["ORT_DISABLE_TELEMETRY=1", "NVIDIA_TF32_OVERRIDE=0"]),
    );
  });
});

it("a model's process starts no other", async () => {
  vi.stubEnv("MEASURE_PLANTAIN_IN_SESSION_HOST", "1");
  try {
    await expect(startProcess()).rejects.toMatchObject({
      code: "session-failed",
      option: "sessionHost",
      message: expect.stringContaining("was started to hold a model, but opens one itself") as string,
    });
  } finally {
    vi.unstubAllEnvs();
  }
});

describe.skipIf(process.platform !== "linux")("a model's process ends when its parent", () => {
  /** One letter for what a process does (R, S, T for stopped), `gone` if it has ended; from /proc. */
  const stateOf = (pid: number): string => {
    try {
      const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "gone";
      return state === "Z" ? "gone" : state; // ended, and nobody has asked how
    } catch {
      return "gone";
    }
  };
  const childOf = (parent: number | undefined): number =>
    Number(
      readdirSync("/proc").find((name) => {
        if (!/^\d+$/.test(name)) return false;
        try {
          return readFileSync(`/proc/${name}/status`, "utf8").includes(`\nPPid:\t${parent}\n`);
        } catch {
          return false; // it ended meanwhile
        }
      }),
    );

  it.each([
    { how: "is killed while the model runs", activity: "busy", end: "SIGKILL" },
    { how: "is killed while the model waits", activity: "idle", end: "SIGKILL" },
    { how: "is ended by a signal while the model runs", activity: "busy", end: "SIGTERM" },
    { how: "exits while the model runs", activity: "busy", end: "exit" },
    { how: "exits while the model's process is stopped", activity: "busy", end: "exit", stopped: true },
  ] as const)("$how", async ({ activity, end, ...rest }) => {
    const holder = fileURLToPath(new URL("../../test/hold-session.mjs", import.meta.url));
    const parent = fork(holder, [checkpoint, activity], { execArgv: [] });
    await once(parent, "message");
    const child = childOf(parent.pid);
    if (activity === "busy") await vi.waitUntil(() => stateOf(child) === "R", { timeout: 10_000 });
    if (activity === "busy") await sleep(500); // until it is inside its run
    if ("stopped" in rest) process.kill(child, "SIGSTOP");
    if (end === "exit") parent.send("exit");
    else parent.kill(end);
    await once(parent, "exit");
    await vi.waitUntil(() => stateOf(child) === "gone", { timeout: 30_000 });
  });

  it("is killed while the model's process is stopped, as soon as that goes on", async () => {
    const holder = fileURLToPath(new URL("../../test/hold-session.mjs", import.meta.url));
    const parent = fork(holder, [checkpoint, "idle"], { execArgv: [] });
    await once(parent, "message");
    const child = childOf(parent.pid);
    process.kill(child, "SIGSTOP");
    parent.kill("SIGKILL");
    await once(parent, "exit");
    process.kill(child, "SIGCONT");
    await vi.waitUntil(() => stateOf(child) === "gone", { timeout: 30_000 });
  });
});
