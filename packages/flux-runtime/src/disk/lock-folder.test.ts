import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "./lock-folder.ts";
import { markName } from "./process-mark.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

const holder = { pid: 1, host: "elsewhere", since: "2026-01-02T03:04:05.000Z" };

/** Puts a lock into the folder as a process with another mark would; `quiet` seconds ago it was renewed. */
async function putLock(change: (name: string) => string, { quiet = 0 } = {}): Promise<string> {
  const path = change(markName(join(folder, "writing"), "lock"));
  await writeFile(path, JSON.stringify(holder));
  const renewed = new Date(Date.now() - 1_000 * quiet);
  await utimes(path, renewed, renewed);
  return path;
}
const withPid = (pid: number) => (name: string) => name.replace(/\.\d+-/, `.${pid}-`);
const inAnotherContainer = (name: string): string =>
  name.replace(/-[0-9a-f]{8}-(?=[0-9a-f]{8}\.)/, "-00000000-");

describe("lockFolder(folder)", () => {
  it("keeps a second writer out, names the holder, and lets it in after the release", async () => {
    const lock = await lockFolder(folder);
    const second = lockFolder(folder);
    await expect(second).rejects.toMatchObject({
      code: "folder-in-use",
      details: { folder, pid: process.pid, host: hostname() },
    });
    await expect(second).rejects.toThrow(
      new RegExp(`Process ${process.pid} on .* is writing into .*, since 20.*Wait until it ends`),
    );
    await lock.release();
    await (await lockFolder(folder)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("of several that try at the same moment lets one in", async () => {
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(folder)));
    const locks = tries.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(locks).toHaveLength(1);
    await locks[0]?.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes over from a process that has ended", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    await putLock(withPid(pid));
    await (await lockFolder(folder)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it.runIf(process.platform === "linux")(
    "takes over from a process that has ended, if another one has its id now",
    async () => {
      await putLock(withPid(process.ppid)); // runs, but started at another time
      await (await lockFolder(folder)).release();
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it("believes a holder in another container, with whatever process id, as long as it renews its lock", async () => {
    const path = await putLock(inAnotherContainer, { quiet: 60 });
    const locking = lockFolder(folder);
    await expect(locking).rejects.toMatchObject({
      code: "folder-in-use",
      details: { host: "elsewhere", since: holder.since, lock: path },
    });
    await expect(locking).rejects.toThrow(
      /another machine or in another container: if it ended.*two minutes/,
    );
    await putLock(() => path, { quiet: 180 });
    await (await lockFolder(folder)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("names a holder whose lock was not written yet when it ended or was looked at", async () => {
    const path = await putLock(inAnotherContainer);
    await writeFile(path, "");
    await expect(lockFolder(folder)).rejects.toThrow(`Process ${process.pid} on an unknown host`);
  });

  it("says what is wrong with a folder that cannot be written into", async () => {
    await expect(lockFolder(join(folder, "missing"))).rejects.toMatchObject({ code: "unwritable-file" });
  });
});
