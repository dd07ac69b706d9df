import { execFile } from "node:child_process";

/** A card, as the driver's own tool describes it. */
export interface GpuRecord {
  /** The product name. */
  readonly name: string;
  /** The version of its driver. */
  readonly driver: string;
  /** Bytes of memory on the card. */
  readonly totalMemory: number;
  /** Bytes of it that nothing uses now. */
  readonly freeMemory: number;
}

const query = ["--query-gpu=name,driver_version,memory.total,memory.free", "--format=csv,noheader,nounits"];

/** The machine's NVIDIA cards; none where nvidia-smi is missing or fails. */
export function readGpus(): Promise<GpuRecord[]> {
  return new Promise((resolve) => {
    execFile("nvidia-smi", query, { timeout: 10_000 }, (error, stdout) => {
      resolve(error ? [] : parseGpus(stdout));
    });
  });
}

/** Reads lines of name, driver, total and free mebibytes. */
export function parseGpus(text: string): GpuRecord[] {
  return text.split("\n").flatMap((line): GpuRecord[] => {
    const [name, driver, total, free] = line.split(",").map((field) => field.trim());
    if (!name || !driver) return [];
    return [{ name, driver, totalMemory: Number(total) * 2 ** 20, freeMemory: Number(free) * 2 ** 20 }];
  });
}
