import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import type { ComputeType } from "../graph/element-type.ts";
import type { OnProgress } from "../progress.ts";
import { adviseOnEnd } from "./advise-on-end.ts";
import { chooseWeights } from "./choose-weights.ts";
import type { Device } from "./device.ts";
import { defaultThreads } from "./default-threads.ts";
import type { NodePlacement } from "./node-placement.ts";
import { readProcessMemory, type ProcessMemory } from "./process-memory.ts";
import { startSessionProcess } from "./session-process.ts";
import type { SessionRequest, SessionTensors } from "./session-protocol.ts";

/** How often the memory of a session's process is read, in milliseconds: often enough to see the peak of a pass. */
const MEMORY_SAMPLING_INTERVAL = 50;

/** How the sessions of a run are executed. */
export interface RuntimeOptions {
  /** Where models compute; the CPU where absent. */
  readonly device?: Device;
  /**
   * The type of the matrix products of the text encoder and the transformer: bfloat16 on CUDA, float32 on the CPU, which has no
   * other kernels, and on WebGPU, where products of float16 numbers are summed in float16. The autoencoder computes in float32
   * everywhere.
   */
  readonly dtype?: ComputeType;
  /**
   * `mapped` leaves the weights in their files and brings each into the compute type right before its use. `resident` lets ONNX
   * Runtime keep converted and rearranged copies: faster, at several times the memory. WebGPU takes `resident` alone: the
   * weights lie on the card.
   */
  readonly weights?: "mapped" | "resident";
  /** Threads within an operator; `defaultThreads` where absent. */
  readonly threads?: number;
  /**
   * Lets ONNX Runtime place nodes on the CPU when a model runs on CUDA or WebGPU. By default it refuses such a model, so that none slows
   * down unnoticed; a rewritten graph whose shape arithmetic belongs there needs it.
   */
  readonly allowCpuNodes?: boolean;
  /**
   * The file of `@measure-plantain/flux-runtime/session-host`, the program of the process that holds a model: a path or a `file:`
   * URL. It is found unless a bundler took this package out of its place; the variable MEASURE_PLANTAIN_SESSION_HOST names it, too.
   */
  readonly sessionHost?: string | URL | undefined;
  /** Ends the session's process and rejects what is under way. */
  readonly signal?: AbortSignal;
  /** Told while weights are converted for WebGPU, which is done once for a checkpoint; see docs/webgpu.md. */
  readonly onConvertWeights?: OnProgress | undefined;
  /** Told, when a model's process ends, the largest memory that it was seen to hold; zeros where the system does not tell. */
  readonly onPeakMemory?: (memory: ProcessMemory) => void;
  /**
   * Told after a model's first run on which execution provider each of its nodes ran. Where it is given, that run is profiled and
   * slower for it.
   */
  readonly onPlacement?: (placement: readonly NodePlacement[]) => void;
}

/** A model that is loaded in a process of its own. */
export interface ModelSession {
  /** The process that holds the model. */
  readonly pid: number | undefined;
  /**
   * Runs the model once. Calls can overlap: each resolves with its own outputs, in the order of the calls.
   *
   * @throws {FluxRuntimeError} `session-failed`, or the signal's reason.
   */
  run(feeds: SessionTensors): Promise<SessionTensors>;
  /** Ends the process; its memory is free when the promise resolves. A run from then on is refused. */
  close(): Promise<void>;
}

/**
 * Loads an ONNX model into a process of its own, so that the caller's thread stays free and all memory comes back.
 *
 * @throws {FluxRuntimeError} `session-failed` if no process can be started or its program is not found, or ONNX Runtime refuses the model or the
 * device.
 */
export async function openModelSession(
  model: Uint8Array,
  externalDataFolder: string,
  {
    device = "cpu",
    weights,
    threads = defaultThreads(),
    allowCpuNodes = false,
    sessionHost,
    signal,
    onPeakMemory,
    onPlacement,
  }: RuntimeOptions = {},
): Promise<ModelSession> {
  signal?.throwIfAborted();
  const held = chooseWeights({ device, weights });
  const host = await startSessionProcess({ sessionHost });
  let peak: ProcessMemory = { resident: 0, private: 0 };
  const sampleMemory = (): void => {
    peak = largest(peak, host.pid === undefined ? undefined : readProcessMemory(host.pid));
  };
  const sampling = setInterval(sampleMemory, MEMORY_SAMPLING_INTERVAL);
  sampling.unref();

  const kill = (): void => void host.kill();
  signal?.addEventListener("abort", kill, { once: true });
  let profileFolder: string | undefined;
  const end = async (): Promise<void> => {
    clearInterval(sampling);
    signal?.removeEventListener("abort", kill);
    await host.kill();
    if (profileFolder !== undefined) await rm(profileFolder, { recursive: true, force: true });
    onPeakMemory?.(peak);
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= end());

  let hasReplied = false;
  const ask = async (request: SessionRequest): Promise<SessionTensors> => {
    signal?.throwIfAborted();
    const reply = await host.ask(request);
    signal?.throwIfAborted();
    hasReplied ||= reply.kind !== "ended";
    if (reply.kind === "failure") {
      throw new FluxRuntimeError("session-failed", `ONNX Runtime (${device}) says: ${reply.message}`, {
        device,
      });
    }
    if (reply.kind === "ended" && closing !== undefined) {
      throw new FluxRuntimeError(
        "session-failed",
        "The model was closed, so it cannot run. Open it again, or close it only after its last run.",
        { device },
      );
    }
    if (reply.kind === "ended") {
      throw new FluxRuntimeError(
        "session-failed",
        `The process that runs the model ended (${reply.how}) before it answered${reply.stderr && `: ${reply.stderr}`}. ${adviseOnEnd({ ...reply, program: host.program, hasReplied })}`,
        { device, how: reply.how, program: host.program },
      );
    }
    if (reply.kind === "opened") return {};
    if (reply.placement !== undefined) onPlacement?.(reply.placement);
    return reply.outputs;
  };

  try {
    if (onPlacement !== undefined) profileFolder = await makeProfileFolder();
    await ask({
      kind: "open",
      model,
      externalDataFolder,
      provider: device,
      weights: held,
      threads,
      allowCpuNodes,
      profileFolder,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    pid: host.pid,
    async run(feeds) {
      const outputs = await ask({ kind: "run", feeds });
      sampleMemory();
      return outputs;
    },
    close,
  };
}

async function makeProfileFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "placement-"));
  } catch (cause) {
    throw new FluxRuntimeError(
      "unwritable-file",
      `The profile that shows where nodes run cannot be written to ${tmpdir()}. Set TMPDIR to a folder that can be written to, or leave out onPlacement.`,
      { folder: tmpdir() },
      { cause },
    );
  }
}

function largest(a: ProcessMemory, b: ProcessMemory = a): ProcessMemory {
  return { resident: Math.max(a.resident, b.resident), private: Math.max(a.private, b.private) };
}
