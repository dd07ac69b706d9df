import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { findState, readMark } from "./process-mark.ts";

/** Milliseconds without a change after which a file whose maker cannot be asked about counts as abandoned. */
const ABANDONED_AFTER = 10 * 60_000;

/** Whether a path is that of a file or folder that was not whole yet when its maker last touched it. */
export function isUnfinished(path: string): boolean {
  return readMark(path, "partial") !== null;
}

/** Removes from a folder what processes that have ended left there unfinished; what others still make is left alone. */
export async function sweepUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const maker = readMark(name, "partial");
    if (maker === null) continue;
    const state = findState(maker);
    const path = join(folder, name);
    if (state === "running" || (state === "unknown" && !(await isAbandoned(path)))) continue;
    await rm(path, { recursive: true, force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const below = await readdir(path, { recursive: true }).catch(() => []); // a file has nothing below it
  const times = await Promise.all(
    [path, ...below.map((name) => join(path, name))].map((file) =>
      stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0, // renamed or removed by now
      ),
    ),
  );
  return Date.now() - Math.max(...times) > ABANDONED_AFTER;
}
