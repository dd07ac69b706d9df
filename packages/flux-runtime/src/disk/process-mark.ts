import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process, told apart from every other one that may write to the same disk, on this machine or elsewhere. */
export interface ProcessMark {
  readonly pid: number;
  /** When it started, in clock ticks since the machine started; "0" if the system does not say. */
  readonly started: string;
  /** Where process ids mean the same processes: one machine since it started, and one container of it. */
  readonly place: string;
}

/** Whether a process still runs. Of one on another machine or in another container, nobody here can say. */
export type ProcessState = "running" | "ended" | "unknown";

const MARKED = /\.(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}\.(partial|lock)$/;

/** A name that no other process and no other call uses, which says who made it. */
export function markName(path: string, kind: "partial" | "lock"): string {
  const { pid, started, place } = ownMark();
  return `${path}.${pid}-${started}-${place}-${randomBytes(4).toString("hex")}.${kind}`;
}

/** Who made a file of that kind; `null` for any other file. */
export function readMark(path: string, kind: "partial" | "lock"): ProcessMark | null {
  const [, pid, started, place, found] = MARKED.exec(path) ?? [];
  if (started === undefined || place === undefined || found !== kind) return null;
  return { pid: Number(pid), started, place };
}

/** Whether the process of a mark still runs: a later process with the same id is not taken for it. */
export function findState({ pid, started, place }: ProcessMark): ProcessState {
  const own = ownMark();
  if (place !== own.place) return "unknown";
  if (pid === own.pid) return started === own.started ? "running" : "ended";
  const found = readStatus(pid);
  if (found !== null) return found.isDefunct || found.started !== started ? "ended" : "running";
  try {
    process.kill(pid, 0); // sends nothing
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "ended"; // the system's errors have a code
  }
  return "unknown"; // some process has this id
}

let mark: ProcessMark | undefined;

function ownMark(): ProcessMark {
  return (mark ??= {
    pid: process.pid,
    started: readStatus(process.pid)?.started ?? "0",
    place: createHash("sha256").update(describePlace()).digest("hex").slice(0, 8),
  });
}

/** Containers may share a host's name, and a restarted machine has its old one: Linux tells both apart. */
function describePlace(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** What Linux says about a process; `null` if there is none, or on other systems. */
function readStatus(pid: number): { readonly started: string; readonly isDefunct: boolean } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc_pid_stat(5): the second field, a name in parentheses, may hold spaces; the state is the third, the start the 22nd.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state = "", started] = [fields[0], fields[19]];
    return started === undefined ? null : { started, isDefunct: "ZXx".includes(state) };
  } catch {
    return null;
  }
}
