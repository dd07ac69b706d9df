import { readFileSync } from "node:fs";

/** Memory of a process in bytes. */
export interface ProcessMemory {
  /** All pages in memory, those of mapped files (the weights) included. */
  readonly resident: number;
  /** Pages that belong to this process alone: what it allocated. */
  readonly private: number;
}

/** The memory of a process as Linux counts it (`RssAnon`, `VmRSS` of /proc); undefined elsewhere, or when it has ended. */
export function readProcessMemory(pid: number): ProcessMemory | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return undefined;
  }
  const kibibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  return { resident: kibibytes("VmRSS") * 1024, private: kibibytes("RssAnon") * 1024 };
}
