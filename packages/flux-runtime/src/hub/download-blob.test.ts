import { existsSync } from "node:fs";
import { mkdtemp, open, readdir, readFile, rename, rm, writeFile, type FileHandle } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listedFile, sendBrokenOff, sendContent } from "../../test/hub-server.ts";
import { startLoopback, type Loopback } from "../../test/loopback.ts";
import type { FluxRuntimeErrorCode } from "../errors.ts";
import { downloadBlob, type DownloadBlobOptions } from "./download-blob.ts";
import { createHubFetch } from "./hub-fetch.ts";

/** Begins as a safetensors file does. */
const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
content.writeBigUInt64LE(500n);
content.write("{", 8);
const { checksum } = listedFile("weights.safetensors", content);
const file = { path: "weights.safetensors", size: content.length, checksum };
const page = Buffer.from("<html><title>Log in</title></html>");

let server: Loopback;
let folder: string;
let blobPath: string;
let incomplete: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "blob-"));
  blobPath = join(folder, checksum);
  incomplete = `${blobPath}.incomplete`;
  vi.stubEnv("MEASURE_PLANTAIN_CACHE", join(folder, "cache"));
  server = await startLoopback();
  server.answer = (response, { headers }) => {
    sendContent(response, content, headers.range);
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(folder, { recursive: true });
});

const download = (changes: Partial<DownloadBlobOptions> = {}, which = file): Promise<void> => {
  const repository = { name: "owner/name", revision: "main" };
  const fetchOptions = { endpoint: server.origin, token: undefined, repository, signal: changes.signal };
  return downloadBlob(which, {
    url: `${server.origin}/weights`,
    blobPath,
    firstDelay: 1,
    hubFetch: createHubFetch(fetchOptions),
    ...changes,
  });
};
const failed = (code: FluxRuntimeErrorCode): unknown =>
  expect.objectContaining({ name: "FluxRuntimeError", code });
const stored = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name !== "cache");

/** Answers a request as a rule says, and all further ones as they should be. */
const answerFirst = (answer: (response: ServerResponse) => void): void => {
  const { answer: right } = server;
  server.answer = (response, request) => {
    if (server.ranges.length === 1) answer(response);
    else right(response, request);
  };
};

describe("downloadBlob", () => {
  it("goes on after every break, for as long as its attempts last", async () => {
    server.answer = (response, { headers: { range } }) => {
      sendBrokenOff(response, content, { range, bytes: 30_000 });
    };
    await download({ attempts: 20 });
    const starts = server.ranges.map((range) => Number(/\d+/.exec(range ?? "0")?.[0]));
    expect(starts.length).toBeGreaterThanOrEqual(4);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b)); // twice from one place if nothing of an answer came
    expect(new Set(starts).size).toBeGreaterThan(1);
    expect(await readFile(blobPath)).toEqual(content);
  });

  it("gives up after bounded attempts, says why, and keeps what came", async () => {
    server.answer = (response, { headers: { range } }) => {
      sendBrokenOff(response, content, { range, bytes: range === undefined ? 40_000 : 0 });
    };
    await expect(download({ attempts: 3 })).rejects.toThrow(
      /weights\.safetensors broke off at \d+ of 100000 bytes/,
    );
    expect(server.ranges).toHaveLength(3);
    expect(await stored()).toEqual([`${checksum}.incomplete`]);
  });

  it.each([
    ["no byte", 0],
    ["a byte now and then", 10],
  ])("takes a connection that brings %s for broken", async (_, interval) => {
    answerFirst((response) => {
      response.writeHead(200, { "Content-Length": content.length });
      response.write(content.subarray(0, 10));
      if (interval === 0) return;
      let sent = 10;
      const timer = setInterval(() => response.write(content.subarray(sent, ++sent)), interval);
      response.on("close", () => {
        clearInterval(timer);
      });
    });
    await download({ stallTimeout: 100 });
    expect(server.ranges).toHaveLength(2);
    expect(await readFile(blobPath)).toEqual(content);
  });

  it("starts over with a server that knows no ranges", async () => {
    await writeFile(incomplete, content.subarray(0, 70_000));
    server.answer = (response) => {
      sendContent(response, content, undefined);
    };
    await download();
    expect(await readFile(blobPath)).toEqual(content);
  });

  it("checks a content that is whole already without a request", async () => {
    await writeFile(incomplete, content);
    await download();
    expect(server.ranges).toEqual([]);
    expect(await stored()).toEqual([checksum]);
  });

  it("checks a small file against the hash that git gives it", async () => {
    const small = listedFile("config.json", content);
    expect(small.checksum).toHaveLength(40);
    await download({ blobPath: join(folder, small.checksum) }, { ...file, checksum: small.checksum });
    expect(await stored()).toEqual([small.checksum]);
  });

  it("stores an empty file", async () => {
    const empty = listedFile("tokenizer/merges.txt", Buffer.alloc(0));
    server.answer = (response) => {
      sendContent(response, empty.content, undefined);
    };
    await download({ blobPath: join(folder, empty.checksum) }, { path: "tokenizer/merges.txt", ...empty });
    expect(await stored()).toEqual([empty.checksum]);
  });

  it("removes a content with another checksum and names the file", async () => {
    server.answer = (response) => {
      sendContent(response, Buffer.alloc(content.length), undefined);
    };
    await expect(download()).rejects.toEqual(failed("download-corrupted"));
    expect(await stored()).toEqual([]);
  });

  it("says that the disk is full, and keeps what came", async () => {
    const openFull = (async (...args: Parameters<typeof open>): Promise<FileHandle> => {
      const handle = await open(...args);
      const write = handle.write.bind(handle) as (...values: unknown[]) => Promise<unknown>; // one of its overloads
      return Object.assign(handle, {
        write: async (data: Uint8Array, ...rest: unknown[]) => {
          await write(data, 0, 500, rest[2]);
          throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        },
      });
    }) as typeof open; // it writes less than it is given, which the type cannot say
    await expect(download({ openFile: openFull })).rejects.toEqual(failed("disk-full"));
    expect((await readFile(incomplete)).length).toBe(500);
    await download();
    expect(server.ranges).toEqual([undefined, "bytes=500-"]);
    expect(await readFile(blobPath)).toEqual(content);
  });
});

describe("downloadBlob takes what another program does meanwhile", () => {
  it("and ends where that one has given the content its name", async () => {
    answerFirst((response) => {
      response.writeHead(200, { "Content-Length": content.length });
      response.write(content.subarray(0, 40_000));
      void moveOnceThere().then(() => response.end(content.subarray(40_000)));
    });
    const moveOnceThere = async (): Promise<void> => {
      while (!existsSync(incomplete)) await setTimeout(1);
      await rename(incomplete, blobPath);
    };
    await download();
    expect(server.ranges).toHaveLength(1);
    expect(await readFile(blobPath)).toEqual(content);
    expect(await stored()).toEqual([checksum]);
  });

  it("and begins again where that one has removed the part", async () => {
    answerFirst((response) => {
      response.writeHead(200, { "Content-Length": content.length });
      response.write(content.subarray(0, 40_000));
      void removeOnceThere().then(() => response.end(content.subarray(40_000)));
    });
    const removeOnceThere = async (): Promise<void> => {
      while (!existsSync(incomplete)) await setTimeout(1);
      await rm(incomplete);
    };
    await download();
    expect(server.ranges).toEqual([undefined, undefined]);
    expect(await stored()).toEqual([checksum]);
  });
});

describe("downloadBlob finds out that what another tool left", () => {
  const flipped = Buffer.from(content);
  flipped.writeUInt8(flipped.readUInt8(50_000) ^ 1, 50_000);

  it("is whole, by its checksum and not by its name, and asks for nothing", async () => {
    await writeFile(blobPath, content);
    await download();
    expect(server.ranges).toEqual([]);
  });

  it("under the content's name was cut, and goes on behind it", async () => {
    await writeFile(blobPath, content.subarray(0, 40_000));
    await download();
    expect(server.ranges).toEqual(["bytes=40000-"]);
    expect(await readFile(blobPath)).toEqual(content);
    expect(await stored()).toEqual([checksum]);
  });

  it.each([
    ["has other bytes", flipped],
    ["is too long", Buffer.concat([content, content])],
    ["is empty", Buffer.alloc(0)],
    ["is a page", page],
  ])("under the content's name %s, and fetches all of it", async (_, left) => {
    await writeFile(blobPath, left);
    await download();
    expect(server.ranges).toEqual([undefined]);
    expect(await readFile(blobPath)).toEqual(content);
    expect(await stored()).toEqual([checksum]);
  });

  it.each([
    ["a page", page],
    ["zeros", Buffer.alloc(40_000)],
    ["longer than the content", Buffer.concat([content, content])],
  ])("as the beginning is %s, before it asks for the rest", async (_, left) => {
    await writeFile(incomplete, left);
    await download();
    expect(server.ranges).toEqual([undefined]);
    expect(await readFile(blobPath)).toEqual(content);
  });

  it("as the beginning has other bytes, and starts over by itself", async () => {
    await writeFile(incomplete, flipped.subarray(0, 60_000));
    await download();
    expect(server.ranges).toEqual(["bytes=60000-", undefined]);
    expect(await readFile(blobPath)).toEqual(content);
  });
});

describe("downloadBlob refuses at once and stores nothing of", () => {
  const { length } = content;
  const send = (status: number, headers: Record<string, string | number>, bytes: Buffer) =>
    ((response) => {
      response.writeHead(status, headers);
      response.write(bytes.subarray(0, 1)); // so that no length is announced but by the headers
      response.end(bytes.subarray(1));
    }) satisfies (response: ServerResponse) => void;

  it.each([
    ["a page", send(200, { "Content-Type": "text/html; charset=utf-8" }, page)],
    [
      "a page of the right length",
      send(200, { "Content-Type": "Text/HTML", "Content-Length": length }, content),
    ],
    ["a shorter content", send(200, { "Content-Length": page.length }, page)],
    ["a longer content", send(200, { "Content-Length": length + 1 }, Buffer.concat([content, page]))],
    ["a shorter content without a length", send(200, {}, content.subarray(0, 1_000))],
    ["a longer content without a length", send(200, {}, Buffer.concat([content, page]))],
    ["no content", send(204, {}, Buffer.alloc(0))],
    [
      "a part that was not asked for",
      send(206, { "Content-Range": `bytes 9-${length - 1}/${length}` }, content),
    ],
    [
      "a part of a longer content",
      send(206, { "Content-Range": `bytes 0-${length - 1}/${length + 1}` }, content),
    ],
    ["a part of an unknown place", send(206, {}, content)],
  ])("%s", async (_, answer) => {
    server.answer = answer;
    await expect(download()).rejects.toEqual(failed("hub-invalid-answer"));
    expect(server.ranges).toHaveLength(1);
    expect(await stored()).toEqual([]);
  });

  it("a page in place of the rest, and keeps what is there", async () => {
    await writeFile(incomplete, content.subarray(0, 40_000));
    server.answer = send(200, { "Content-Type": "text/html" }, page);
    await expect(download()).rejects.toThrow(
      /weights\.safetensors of 100000 bytes from byte 40000 .* a web page/,
    );
    expect(await readFile(incomplete)).toEqual(content.subarray(0, 40_000));
  });

  it("what broke off without a word of how much would come", async () => {
    server.answer = (response) => {
      response.writeHead(200);
      response.write(content.subarray(0, 40_000), () => response.destroy());
    };
    await expect(download({ attempts: 2 })).rejects.toEqual(failed("download-interrupted"));
    expect(server.ranges).toEqual([undefined, undefined]);
    expect(await stored()).toEqual([]);
  });
});

describe("downloadBlob ends with its signal", () => {
  const interruption = new Error("Interrupted");

  it.each([
    ["before an answer", () => undefined],
    [
      "amid a transfer",
      (response: ServerResponse) => {
        response.writeHead(200, { "Content-Length": content.length });
        response.write(content.subarray(0, 40_000));
      },
    ],
    ["between two attempts", (response: ServerResponse) => response.writeHead(503).end()],
  ])("%s", async (_, answer) => {
    server.answer = answer;
    const controller = new AbortController();
    const running = download({ signal: controller.signal, firstDelay: 60_000 });
    while (server.ranges.length === 0) await setTimeout(5);
    await setTimeout(50);
    controller.abort(interruption);
    await expect(running).rejects.toBe(interruption);
  });

  it("before it checks what is there", async () => {
    await writeFile(blobPath, content);
    await expect(download({ signal: AbortSignal.abort(interruption) })).rejects.toBe(interruption);
    expect(existsSync(blobPath)).toBe(true);
  });
});
