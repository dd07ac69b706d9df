import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { openModelSession, type RuntimeOptions } from "./model-session.ts";
import type { NodePlacement } from "./node-placement.ts";
import type { SessionTensors } from "./session-protocol.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** y = x · x, `repetitions` times over, for x [N, N]. */
function powerModel(repetitions: number): Uint8Array {
  const g = new GraphBuilder("power");
  let x = g.input("x", "float32", ["N", "N"]);
  for (let count = 0; count < repetitions; count += 1) x = g.node("MatMul", [x, x], "float32");
  g.output("y", x, ["N", "N"]);
  return g.serialize();
}

/** A square matrix of one value, whose square has size · value² everywhere. */
function filled(size: number, value: number): SessionTensors {
  return { x: { type: "float32", data: new Float32Array(size * size).fill(value), shape: [size, size] } };
}

function zeros(size: number): SessionTensors {
  return { x: { type: "float32", data: new Float32Array(size * size), shape: [size, size] } };
}

/** The session processes that this test's process has started and that still run; on Linux, from /proc. */
function sessionProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        const isSession = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("session-host");
        return Number(parent) === process.pid && isSession;
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}

describe.skipIf(process.platform !== "linux")("openModelSession(model)", () => {
  it("runs a model in a process of its own, which ends with close()", async () => {
    const session = await openModelSession(powerModel(1), ".");
    expect(sessionProcesses()).toHaveLength(1);
    const identity = Float32Array.of(2, 0, 0, 3);
    const { y } = await session.run({ x: { type: "float32", data: identity, shape: [2, 2] } });
    expect(y?.data).toEqual(Float32Array.of(4, 0, 0, 9));
    await session.close();
    expect(sessionProcesses()).toEqual([]);
  });

  it.each([
    ["as many threads as it is told", { threads: 3 }, "1"],
    ["as many threads as OMP_NUM_THREADS says where it is told none", {}, "3"],
  ])("takes %s", async (_, options, environment) => {
    const threadsOf = async (options: RuntimeOptions): Promise<number> => {
      const session = await openModelSession(powerModel(1), ".", options);
      const [pid] = sessionProcesses();
      const threads = readdirSync(`/proc/${pid ?? ""}/task`).length;
      await session.close();
      return threads;
    };
    const alone = await threadsOf({ threads: 1 });
    vi.stubEnv("OMP_NUM_THREADS", environment);
    expect(await threadsOf(options)).toBe(alone + 2);
  });

  it("the caller's thread stays free while a model runs", async () => {
    const session = await openModelSession(powerModel(40), ".");
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    await session.run(zeros(700));
    clearInterval(timer);
    await session.close();
    expect(ticks).toBeGreaterThan(5);
  });

  it("calls that overlap each get their own outputs, whatever their sizes", async () => {
    const session = await openModelSession(powerModel(1), ".");
    const sizes = Array.from({ length: 20 }, (_, index) => 1 + ((7 * index) % 20));
    const outputs = await Promise.all(sizes.map((size, index) => session.run(filled(size, index))));
    await session.close();
    expect(outputs).toEqual(
      sizes.map((size, index) => ({ y: filled(size, size * index ** 2)["x"] })), // y has x's shape
    );
  });

  it("a call that fails among others fails alone", async () => {
    const session = await openModelSession(powerModel(1), ".");
    const calls = [session.run(filled(2, 1)), session.run({}), session.run(filled(2, 2))];
    const outcomes = await Promise.allSettled(calls);
    await session.close();
    expect(outcomes).toMatchObject([
      { value: { y: filled(2, 2)["x"] } },
      { reason: { code: "session-failed" } },
      { value: { y: filled(2, 8)["x"] } },
    ]);
  });

  it("a call takes its inputs as they are when it is made", async () => {
    const session = await openModelSession(powerModel(1), ".");
    const data = new Float32Array([1]);
    const calls = [1, 2, 3].map((value) => {
      data[0] = value;
      return session.run({ x: { type: "float32", data, shape: [1, 1] } });
    });
    const outputs = await Promise.all(calls);
    await session.close();
    expect(outputs.map(({ y }) => y?.data[0])).toEqual([1, 4, 9]);
  });

  it("closing the model rejects all calls that wait; those that were answered keep their outputs", async () => {
    const session = await openModelSession(powerModel(200), ".");
    const first = session.run(zeros(2));
    const waiting = [session.run(zeros(700)), session.run(zeros(2)), session.run(zeros(2))];
    const outcomes = Promise.allSettled(waiting);
    await expect(first).resolves.toHaveProperty("y");
    await session.close();
    const closed = {
      reason: { code: "session-failed", message: expect.stringMatching(/^The model was closed/) as string },
    };
    expect(await outcomes).toMatchObject([closed, closed, closed]);
  });

  it("an abort ends a running model at once and rejects with the signal's reason", async () => {
    const controller = new AbortController();
    const session = await openModelSession(powerModel(2_000), ".", { signal: controller.signal });
    const running = session.run(zeros(700));
    setTimeout(() => {
      controller.abort(new Error("enough"));
    }, 100);
    await expect(running).rejects.toThrow("enough");
    await session.close();
    expect(sessionProcesses()).toEqual([]);
  });

  it("a model that ONNX Runtime refuses is an error with its words, and leaves no process", async () => {
    await expect(openModelSession(Uint8Array.of(1, 2, 3), ".")).rejects.toMatchObject({
      code: "session-failed",
      message: expect.stringContaining("ONNX Runtime (cpu) says") as string,
    });
    expect(sessionProcesses()).toEqual([]);
  });

  it("inputs that do not fit are an error, and the session goes on", async () => {
    const session = await openModelSession(powerModel(1), ".");
    await expect(session.run({})).rejects.toMatchObject({ code: "session-failed" });
    await expect(session.run(zeros(2))).resolves.toHaveProperty("y");
    await session.close();
  });

  it.each([
    ["is killed from outside is an error that suggests too little memory", "SIGKILL", /too little memory/],
    ["gives up is an error that speaks of a fault, not of memory", "SIGABRT", /\. (?!.*memory).*fault/],
  ] as const)("a process that %s", async (_, killedBy, advice) => {
    const session = await openModelSession(powerModel(2_000), ".");
    const running = session.run(zeros(700));
    const [pid] = sessionProcesses();
    setTimeout(() => pid !== undefined && process.kill(pid, killedBy), 100);
    await expect(running).rejects.toThrow(new RegExp(`ended \\(${killedBy}\\).*${advice.source}`));
    await expect(session.run(zeros(2))).rejects.toMatchObject({ code: "session-failed" });
    await session.close();
  });

  it("a closed model is an error that says so, and speaks of no fault or memory", async () => {
    const session = await openModelSession(powerModel(1), ".");
    await session.close();
    const run = session.run(zeros(2));
    await expect(run).rejects.toMatchObject({ code: "session-failed" });
    await expect(run).rejects.toThrow(/^The model was closed, so it cannot run\. Open it again/);
  });

  it("a run that is under way when the model is closed is the same error", async () => {
    const session = await openModelSession(powerModel(2_000), ".");
    const failure = expect(session.run(zeros(700))).rejects.toThrow(/^The model was closed/);
    setTimeout(() => void session.close(), 100);
    await failure;
  });

  it("close() may be called twice, and tells the memory once", async () => {
    let told = 0;
    const session = await openModelSession(powerModel(1), ".", { onPeakMemory: () => (told += 1) });
    await Promise.all([session.close(), session.close()]);
    await session.close();
    expect(told).toBe(1);
  });

  it("tells the largest memory of the process when it ends", async () => {
    const seen: number[] = [];
    const session = await openModelSession(powerModel(1), ".", {
      onPeakMemory: (peak) => seen.push(peak.private),
    });
    await session.run(zeros(1_000));
    await session.close();
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeGreaterThan(4e6);
  });
});

it("leaves nothing in the folder for temporary files: ONNX Runtime's telemetry is off", async () => {
  const folder = mkdtempSync(join(tmpdir(), "telemetry-"));
  vi.stubEnv("TMPDIR", folder);
  vi.stubEnv("ORT_DISABLE_TELEMETRY", undefined);
  for (const name of ["CI", "GITHUB_ACTIONS", "TF_BUILD"]) vi.stubEnv(name, undefined); // it keeps quiet there anyway
  const session = await openModelSession(powerModel(1), ".");
  await session.run(zeros(2));
  await session.close();
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

it("onPlacement is told once where each node ran, and the profile it was read from is gone", async () => {
  const told: (readonly NodePlacement[])[] = [];
  const folder = mkdtempSync(join(tmpdir(), "profiles-"));
  vi.stubEnv("TMPDIR", folder);
  const session = await openModelSession(powerModel(3), ".", {
    onPlacement: (placement) => told.push(placement),
  });
  await session.run(zeros(2));
  await session.run(zeros(2));
  await session.close();
  expect(told).toEqual([[{ provider: "CPUExecutionProvider", operator: "MatMul", nodes: 3 }]]);
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});
