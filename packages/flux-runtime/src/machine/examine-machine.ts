import { readFile, statfs } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import type { Device } from "../session/device.ts";
import { checkDevice, type DeviceCheck } from "./check-device.ts";
import { chooseDevice } from "./choose-device.ts";
import { estimateRun, type RunAssumptions, type RunEstimate } from "./estimate-run.ts";
import { findCudaLibraries, findOnnxRuntime, type LibraryRecord } from "./find-libraries.ts";
import { lookForCheckpoint, type CheckpointRecord } from "./look-for-checkpoint.ts";
import { measureThroughput } from "./measure-throughput.ts";
import { readGpus, type GpuRecord } from "./read-gpus.ts";

/** What was found out about a machine. */
export interface MachineExamination {
  /** Whether a run can work here. */
  readonly ok: boolean;
  /** What stands in its way, each with what to do. */
  readonly problems: readonly string[];
  /** The version of Node, and the oldest that will do. */
  readonly node: { readonly version: string; readonly needed: string; readonly ok: boolean };
  /** The installed onnxruntime-node. */
  readonly onnxruntime: { readonly version: string };
  /** Each device, by trying it. */
  readonly devices: Readonly<Record<Device, DeviceCheck>>;
  /** What CUDA needs, found or not. */
  readonly libraries: readonly LibraryRecord[];
  /** The NVIDIA cards that the driver sees. */
  readonly gpus: readonly GpuRecord[];
  /** Bytes of memory. */
  readonly memory: { readonly total: number; readonly available: number };
  /** The folder that weights are kept in, and the bytes that are free there. */
  readonly disk: { readonly folder: string; readonly free: number };
  /** The checkpoint to be run, or how it will be had. */
  readonly checkpoint: CheckpointRecord;
  /** Null if no device works or there is no checkpoint to run; `problems` says so. */
  readonly estimate: (RunEstimate & { readonly device: Device }) | null;
}

/** What is to be run on the machine. */
export interface ExamineMachineOptions {
  /** A name as `resolveCheckpoint` takes it. */
  readonly checkpoint: string;
  /** What is to be run, in the published probe for example 50 passes at 1,024 × 1,024. */
  readonly run: Omit<RunAssumptions, "numberSize">;
  /** Count on no download. */
  readonly offline?: boolean;
  /** Ends the small model that the throughput is measured with. */
  readonly signal?: AbortSignal | undefined;
}

/** As in every package's `engines`. */
const NEEDED_NODE = "20.19.0";

/**
 * Looks at everything that a run depends on, and changes nothing but a temporary folder.
 *
 * @throws {FluxRuntimeError} `invalid-argument` for a size that no run can have.
 */
export async function examineMachine(options: ExamineMachineOptions): Promise<MachineExamination> {
  const { run, offline = false, signal } = options;
  const node = {
    version: process.versions.node,
    needed: NEEDED_NODE,
    ok: isAtLeast(process.versions.node, NEEDED_NODE),
  };
  const { version, provider } = await findOnnxRuntime();
  const devices = {
    cpu: await checkDevice("cpu"),
    cuda: await checkDevice("cuda"),
    webgpu: await checkDevice("webgpu"),
  };
  const { record: checkpoint, sizes } = await lookForCheckpoint(options.checkpoint, { offline });
  for (const side of ["width", "height"] as const) requireWholeTokens(side, run[side], sizes.pixelsPerToken);
  const memory = { total: totalmem(), available: await availableMemory() };
  const disk = { folder: checkpoint.folder, free: await freeDisk(checkpoint.folder) };
  const device = devices.cpu.works ? (await chooseDevice("auto")).device : null;
  const problems: string[] = [];
  let estimate: MachineExamination["estimate"] = null;
  if (device !== null && checkpoint.problem === null) {
    try {
      const throughput = await measureThroughput(device, { signal });
      const numberSize = device === "cuda" ? 2 : 4;
      estimate = { device, ...estimateRun(sizes, throughput, { ...run, numberSize }) };
    } catch (error) {
      if (!(error instanceof FluxRuntimeError)) throw error;
      problems.push(`A small model could not be made and run: ${error.message}`);
    }
  }
  if (!node.ok) problems.push(`Node ${node.version} is too old: ${NEEDED_NODE} or later is needed.`);
  if (!devices.cpu.works) {
    problems.push(
      `ONNX Runtime does not work here: ${devices.cpu.reason} Reinstall it: remove node_modules, then npm install.`,
    );
  }
  if (checkpoint.problem !== null) problems.push(checkpoint.problem);
  if (checkpoint.bytesToCome > disk.free) {
    problems.push(
      `The disk has too little room: ${gigabytes(checkpoint.bytesToCome)} of weights go to ${disk.folder}, where ${gigabytes(disk.free)} are free. Free some room, or set HF_HUB_CACHE (for random weights MEASURE_PLANTAIN_CACHE) to a folder with more.`,
    );
  }
  if (estimate?.device === "cpu" && estimate.privateMemory > memory.available) {
    problems.push(
      `There is too little memory: a run needs about ${gigabytes(estimate.privateMemory)}, and ${gigabytes(memory.available)} are available. Close other programs, or choose a smaller width and height.`,
    );
  }
  return {
    ok: problems.length === 0,
    problems,
    node,
    onnxruntime: { version },
    devices,
    libraries: await findCudaLibraries(provider),
    gpus: await readGpus(),
    memory,
    disk,
    checkpoint,
    estimate,
  };
}

function requireWholeTokens(option: "width" | "height", pixels: number, pixelsPerToken: number): void {
  if (pixels % pixelsPerToken === 0) return;
  const next = Math.ceil(pixels / pixelsPerToken) * pixelsPerToken;
  throw new FluxRuntimeError(
    "invalid-argument",
    `The option \`${option}\` must be a multiple of ${pixelsPerToken} pixels, but is ${pixels}. Use ${next}, for example.`,
    { option, expected: pixelsPerToken, received: pixels },
  );
}

/** Whether a version of three numbers is another or later. */
export function isAtLeast(version: string, least: string): boolean {
  const [has, needs] = [version, least].map((text) => text.split(".").map(Number));
  const place = needs?.findIndex((number, index) => number !== has?.[index]) ?? -1;
  return place === -1 || (has?.[place] ?? 0) > (needs?.[place] ?? 0);
}

/** What programs can still allocate: with what Linux would give back of its file cache. */
async function availableMemory(): Promise<number> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1_024;
}

/** Of the nearest folder that there is. */
async function freeDisk(folder: string): Promise<number> {
  for (let place = folder; ; place = dirname(place)) {
    const found = await statfs(place).catch(() => null);
    if (found !== null) return found.bavail * found.bsize;
    if (place === dirname(place)) return 0;
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
