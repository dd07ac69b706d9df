import { mkdtemp, open, readdir, readFile, rm, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listedFile } from "../../test/hub-server.ts";
import type { FluxRuntimeErrorCode } from "../errors.ts";
import { downloadBlob, type DownloadBlobOptions } from "./download-blob.ts";

const content = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 251));
const { checksum } = listedFile("weights.safetensors", content);
const file = { path: "weights.safetensors", size: content.length, checksum };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "blob-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A body that brings some bytes and then fails, hangs or ends. */
function body(bytes: Uint8Array, end: "end" | "fail" | "hang"): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      if (end === "end") controller.close();
    },
    pull(controller) {
      if (end === "fail") controller.error(new TypeError("terminated", { cause: new Error("reset") }));
    },
  });
}

const startOf = (init: RequestInit | undefined): number =>
  Number(/^bytes=(\d+)-$/.exec(new Headers(init?.headers).get("Range") ?? "")?.[1] ?? 0);

const options = (changes: Partial<DownloadBlobOptions>): DownloadBlobOptions => ({
  url: "http://127.0.0.1/weights",
  blobPath: join(folder, checksum),
  firstDelay: 1,
  hubFetch: (_, init) => {
    const start = startOf(init);
    return Promise.resolve(new Response(content.subarray(start), { status: start > 0 ? 206 : 200 }));
  },
  ...changes,
});
const failed = (code: FluxRuntimeErrorCode): unknown =>
  expect.objectContaining({ name: "FluxRuntimeError", code });

describe("downloadBlob", () => {
  it("goes on after every break, for as long as its attempts last", async () => {
    const starts: number[] = [];
    await downloadBlob(
      file,
      options({
        hubFetch: (_, init) => {
          const start = startOf(init);
          starts.push(start);
          const status = start > 0 ? 206 : 200;
          return Promise.resolve(
            new Response(body(content.subarray(start, start + 300), "fail"), { status }),
          );
        },
      }),
    );
    expect(starts).toEqual([0, 300, 600, 900]);
    expect(await readFile(join(folder, checksum))).toEqual(content);
  });

  it("gives up after bounded attempts, says why, and keeps what came", async () => {
    let requests = 0;
    const hubFetch = (): Promise<Response> => {
      requests += 1;
      return Promise.resolve(new Response(body(content.subarray(0, 400), "fail"), { status: 200 }));
    };
    const download = downloadBlob(file, options({ hubFetch, attempts: 3 }));
    await expect(download).rejects.toThrow(/weights\.safetensors broke off at 400 of 1000 bytes.*\(reset\)/);
    expect(requests).toBe(3);
    expect(await readdir(folder)).toEqual([`${checksum}.incomplete`]);
  });

  it("takes a connection on which nothing comes for broken", async () => {
    let requests = 0;
    const { hubFetch } = options({});
    await downloadBlob(
      file,
      options({
        stallTimeout: 50,
        hubFetch: (url, init) => {
          if (requests++ > 0) return hubFetch(url, init);
          const response = new Response(body(content.subarray(0, 10), "hang"));
          // As fetch does: the body ends with the signal.
          init?.signal?.addEventListener("abort", () => void response.body?.cancel().catch(() => undefined));
          const aborted = new Promise<never>((_, reject) => {
            init?.signal?.addEventListener("abort", () => {
              reject(new Error("no byte"));
            });
          });
          const slow: ReadableStream<Uint8Array> | null = response.body;
          const reader = slow?.getReader();
          const stream = new ReadableStream<Uint8Array>({
            pull: async (controller) => {
              const next = await Promise.race([reader?.read(), aborted]);
              if (next?.value) controller.enqueue(next.value);
            },
          });
          return Promise.resolve(new Response(stream));
        },
      }),
    );
    expect(requests).toBe(2);
    expect(await readFile(join(folder, checksum))).toEqual(content);
  });

  it("starts over with a server that knows no ranges", async () => {
    await writeFile(join(folder, `${checksum}.incomplete`), content.subarray(0, 700));
    await downloadBlob(file, options({ hubFetch: () => Promise.resolve(new Response(content)) }));
    expect(await readFile(join(folder, checksum))).toEqual(content);
  });

  it("checks a content that is whole already without a request", async () => {
    await writeFile(join(folder, `${checksum}.incomplete`), content);
    await downloadBlob(file, options({ hubFetch: () => Promise.reject(new Error("asked")) }));
    expect(await readdir(folder)).toEqual([checksum]);
  });

  it("checks a small file against the hash that git gives it", async () => {
    const small = listedFile("config.json", content);
    expect(small.checksum).toHaveLength(40);
    await downloadBlob(
      { ...file, checksum: small.checksum },
      options({ blobPath: join(folder, small.checksum) }),
    );
    expect(await readdir(folder)).toEqual([small.checksum]);
  });

  it("removes a content with another checksum and names the file", async () => {
    const wrong = options({ hubFetch: () => Promise.resolve(new Response(Buffer.alloc(1_000))) });
    await expect(downloadBlob(file, wrong)).rejects.toEqual(failed("download-corrupted"));
    expect(await readdir(folder)).toEqual([]);
  });

  it("says that the disk is full, and keeps what came", async () => {
    const openFull = (async (...args: Parameters<typeof open>): Promise<FileHandle> => {
      const handle = await open(...args);
      const write = handle.write.bind(handle) as (...values: unknown[]) => Promise<unknown>; // one of its overloads
      return Object.assign(handle, {
        write: async (data: Uint8Array, ...rest: unknown[]) => {
          await write(data.subarray(0, 500), 0, 500, rest[2]);
          throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        },
      });
    }) as typeof open; // it writes less than it is given, which the type cannot say
    const download = downloadBlob(file, options({ openFile: openFull }));
    await expect(download).rejects.toEqual(failed("disk-full"));
    expect((await readFile(join(folder, `${checksum}.incomplete`))).length).toBe(500);
    await downloadBlob(file, options({}));
    expect(await readFile(join(folder, checksum))).toEqual(content);
  });
});
