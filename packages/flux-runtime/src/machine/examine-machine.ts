import { readFile, statfs } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { FluxRuntimeError, UsageError } from "../errors.ts";
import { checkDevice, type DeviceCheck } from "../session/check-device.ts";
import { estimateRun, type RunEstimate } from "./estimate-run.ts";
import { findCudaLibraries, findOnnxRuntime, type LibraryRecord } from "./find-libraries.ts";
import { lookForCheckpoint, type CheckpointRecord } from "./look-for-checkpoint.ts";
import { measureThroughput } from "./measure-throughput.ts";
import { readGpus, type GpuRecord } from "./read-gpus.ts";

/** What `doctor` found out; `--json` prints it. */
export interface Examination {
  /** Whether a run can work here. */
  readonly ok: boolean;
  /** What stands in its way, each with what to do. */
  readonly problems: readonly string[];
  readonly node: { readonly version: string; readonly needed: string; readonly ok: boolean };
  readonly onnxruntime: { readonly version: string };
  /** Each device, by trying it. */
  readonly devices: Readonly<Record<"cpu" | "cuda", DeviceCheck>>;
  readonly libraries: readonly LibraryRecord[];
  readonly gpus: readonly GpuRecord[];
  /** Bytes. */
  readonly memory: { readonly total: number; readonly available: number };
  /** Of the folder that weights are kept in. */
  readonly disk: { readonly folder: string; readonly free: number };
  readonly checkpoint: CheckpointRecord;
  /** Null where no device works or there is no checkpoint to run; `problems` says so. */
  readonly estimate: (RunEstimate & { readonly device: "cpu" | "cuda" }) | null;
}

export interface ExamineOptions {
  readonly checkpoint: string;
  readonly width: number;
  readonly height: number;
  readonly offline: boolean;
  readonly signal: AbortSignal;
}

/** As in every package's `engines`. */
const NEEDED_NODE = "20.19.0";

/**
 * Looks at everything that a run depends on, and changes nothing but a temporary folder.
 *
 * @throws UsageError for a size that no run can have.
 */
export async function examineMachine(options: ExamineOptions): Promise<Examination> {
  const { width, height, signal } = options;
  const node = {
    version: process.versions.node,
    needed: NEEDED_NODE,
    ok: isAtLeast(process.versions.node, NEEDED_NODE),
  };
  const { version, provider } = await findOnnxRuntime();
  const devices = { cpu: await checkDevice("cpu"), cuda: await checkDevice("cuda") };
  const { record: checkpoint, sizes } = await lookForCheckpoint(options.checkpoint, options);
  for (const side of [width, height]) {
    if (side % sizes.pixelsPerToken === 0) continue;
    throw new UsageError(
      `The width and the height must be multiples of ${sizes.pixelsPerToken} pixels, but one is ${side}. Use ${Math.ceil(side / sizes.pixelsPerToken) * sizes.pixelsPerToken}, for example.`,
    );
  }
  const memory = { total: totalmem(), available: await availableMemory() };
  const disk = { folder: checkpoint.folder, free: await freeDisk(checkpoint.folder) };
  const device = devices.cuda.works ? "cuda" : devices.cpu.works ? "cpu" : null;
  const problems: string[] = [];
  let estimate: Examination["estimate"] = null;
  if (device !== null && checkpoint.problem === null) {
    try {
      const throughput = await measureThroughput(device, { signal });
      const numberSize = device === "cuda" ? 2 : 4;
      const assumptions = {
        width,
        height,
        textTokens: 512,
        pairs: 25,
        referenceSteps: 14,
        numberSize,
      } as const;
      estimate = { device, ...estimateRun(sizes, throughput, assumptions) };
    } catch (error) {
      if (!(error instanceof FluxRuntimeError)) throw error;
      problems.push(`A small model could not be made and run: ${error.message}`);
    }
  }
  if (!node.ok) problems.push(`Node ${node.version} is too old: ${NEEDED_NODE} or later is needed.`);
  if (!devices.cpu.works) {
    problems.push(
      `ONNX Runtime does not work here: ${devices.cpu.reason} Install it anew: remove node_modules, then npm install.`,
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
      `There is too little memory: a run needs about ${gigabytes(estimate.privateMemory)}, and ${gigabytes(memory.available)} are available. Close other programs, or choose a smaller --width and --height.`,
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
