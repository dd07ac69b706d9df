import { mkdtemp, open, readFile, readdir, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAside } from "./write-aside.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "write-aside-"));
  path = join(folder, "file");
});
afterEach(() => rm(folder, { recursive: true }));

/** Opens files whose writes go through `write`. */
function openWith(write: (file: FileHandle, bytes: Uint8Array) => Promise<unknown>): typeof open {
  return async (...args) => {
    const file = await open(...args);
    return new Proxy(file, {
      get: (target, key) => {
        if (key === "write") return (bytes: Uint8Array) => write(target, bytes);
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  };
}
const failWith = (code: string) => () =>
  Promise.reject(Object.assign(new Error(`${code}: it failed`), { code }));

describe("openAside(path)", () => {
  it("shows the file only once it is committed", async () => {
    const file = await openAside(path);
    await file.write(Buffer.from("whole"));
    expect(await readdir(folder)).not.toContain("file");
    await file.commit();
    expect(await readFile(path, "utf8")).toBe("whole");
    expect(await readdir(folder)).toEqual(["file"]);
  });

  it("goes on where the system wrote only a part", async () => {
    const openFile = openWith((file, bytes) => file.write(bytes.subarray(0, 2)));
    const file = await openAside(path, { openFile });
    await file.write(Uint16Array.of(0x6261, 0x6463, 0x6665).subarray(1));
    await file.commit();
    expect(await readFile(path, "latin1")).toBe("cdef");
  });

  it("says that the disk is full, and removes what was written", async () => {
    const file = await openAside(path, { openFile: openWith(failWith("ENOSPC")) });
    const failure = file.write(Buffer.from("much"));
    await expect(failure).rejects.toMatchObject({ code: "disk-full", details: { path } });
    await expect(failure).rejects.toThrow(/disk is full.*Free space/);
    expect(await readdir(folder)).toEqual([]);
  });

  it("passes any other reason on", async () => {
    const file = await openAside(path, { openFile: openWith(failWith("EIO")) });
    await expect(file.write(Buffer.from("x"))).rejects.toMatchObject({
      code: "unwritable-file",
      message: expect.stringContaining("EIO: it failed") as string,
    });
  });

  it("lets two writers of one path work at once: the last commit stands", async () => {
    const [first, second] = await Promise.all([openAside(path), openAside(path)]);
    await second.write(Buffer.from("second"));
    await first.write(Buffer.from("first"));
    await first.commit();
    await second.commit();
    expect(await readFile(path, "utf8")).toBe("second");
  });
});
