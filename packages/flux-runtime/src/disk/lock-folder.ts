import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { findState, markName, readMark, type ProcessMark } from "./process-mark.ts";
import { describeWriteFailure } from "./write-aside.ts";

/** A folder that this process alone writes into. */
export interface FolderLock {
  /** Lets others write. A second call does nothing. */
  readonly release: () => Promise<void>;
}

/** How often a lock shows that its holder lives, in milliseconds. */
const RENEWED_EVERY = 15_000;

/** How long a holder on another machine or in another container may show nothing before it counts as ended. */
const ENDED_AFTER = 120_000;

/** How often a lock is tried for. Several, since whoever is seen there may only be trying, too. */
const ATTEMPTS = 5;

/** What a lock file holds, for people and for the message that names its holder. */
const holderSchema = z.object({ pid: z.number(), host: z.string(), since: z.iso.datetime() });

/** Whether a path is that of a lock file. */
export function isFolderLock(path: string): boolean {
  return readMark(path, "lock") !== null;
}

/**
 * Makes this process the only one that writes into a folder, among those that lock it, too.
 *
 * Each process puts a file with a name of its own into the folder and then looks for others: of any two, the later one
 * sees the earlier one's file, on every file system whose listings are up to date. The lock of a process that has ended
 * is removed; no other's can be removed by mistake, since no two have the same name. A holder on another machine, or in
 * another container, counts as ended when its lock was not renewed for two minutes of that disk's time.
 *
 * @param folder - It must exist.
 * @throws {FluxRuntimeError} `folder-in-use`, which names the holder; `disk-full`; `unwritable-file`.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  let lock = await putLock(folder);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const holder = await findHolder(folder, lock.path);
      if (holder === null) return lock;
      if (attempt === ATTEMPTS) throw await describeHolder(folder, holder);
      // Of those that try at the same moment all but one step back.
      const stepsBack = holder.path < lock.path;
      if (stepsBack) await lock.release();
      await wait(50 + 100 * Math.random());
      if (stepsBack) lock = await putLock(folder);
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function putLock(folder: string): Promise<FolderLock & { readonly path: string }> {
  const path = join(folder, markName("writing", "lock"));
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  const content = Buffer.from(`${JSON.stringify(holder)}\n`);
  const file = await open(path, "wx").catch((cause: unknown) => {
    throw describeWriteFailure(path, cause);
  });
  // Writing, not setting a time: so the times of all locks are those of one clock, the disk's.
  const renew = (): Promise<unknown> => file.write(content, 0, content.length, 0);
  const remove = async (): Promise<void> => {
    await file.close();
    await rm(path, { force: true });
  };
  await renew().catch(async (cause: unknown) => {
    await remove();
    throw describeWriteFailure(path, cause);
  });
  let renewal: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    renewal = renew().catch(() => undefined); // a failed one is made up for by the next
  }, RENEWED_EVERY);
  timer.unref();
  let released: Promise<void> | undefined;
  return {
    path,
    release: () => {
      clearInterval(timer);
      return (released ??= renewal.then(remove));
    },
  };
}

interface Holder extends ProcessMark {
  readonly path: string;
  /** Whether it runs here, where it can be asked about. */
  readonly isHere: boolean;
}

/** Whose lock is in the folder, other than one's own: the first by name. Those of processes that have ended are removed. */
async function findHolder(folder: string, ownPath: string): Promise<Holder | null> {
  const { mtimeMs: now } = await stat(ownPath);
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const mark = readMark(name, "lock");
    if (mark === null || path === ownPath) continue;
    const state = findState(mark);
    const lastSeen = await stat(path).catch(() => null);
    if (lastSeen === null) continue; // released by now
    const hasEnded = state === "ended" || (state === "unknown" && now - lastSeen.mtimeMs > ENDED_AFTER);
    if (!hasEnded) return { ...mark, path, isHere: state === "running" };
    await rm(path, { force: true });
  }
  return null;
}

async function describeHolder(folder: string, { path, pid, isHere }: Holder): Promise<FluxRuntimeError> {
  const content = await readFile(path, "utf8").catch(() => "");
  const { host, since } = parseHolder(content) ?? { host: "an unknown host", since: null };
  const advice = isHere
    ? "Wait until it ends, or stop it; or use another folder."
    : `Wait until it ends, or use another folder. It runs on another machine or in another container: if it ended without removing ${path}, that is noticed two minutes later, or remove that file.`;
  return new FluxRuntimeError(
    "folder-in-use",
    `Process ${pid} on ${host} is writing into ${folder}${since === null ? "" : `, since ${since}`}. ${advice}`,
    { folder, pid, host, since, lock: path },
  );
}

function parseHolder(content: string): z.infer<typeof holderSchema> | null {
  try {
    return holderSchema.parse(JSON.parse(content));
  } catch {
    return null; // it was just being written
  }
}
