import type { ServerResponse } from "node:http";
import { createGzip } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../../test/loopback.ts";
import type { AnswerBounds } from "./bound-answers.ts";
import { createHubFetch } from "./hub-fetch.ts";
import { listSnapshot, type HubSnapshot } from "./list-snapshot.ts";

const commit = "0123456789".repeat(4);
const sha256 = "ab".repeat(32);
const paths = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  ...["text_encoder", "transformer", "vae"].flatMap((name) => [
    `${name}/config.json`,
    `${name}/model.safetensors`,
  ]),
];
const entries = paths.map((path): Record<string, unknown> => {
  const file = { type: "file", path, oid: commit, size: 130 };
  return path.endsWith(".safetensors")
    ? { ...file, lfs: { oid: sha256, size: 5_000, pointerSize: 130 } }
    : file;
});

let server: Loopback;
beforeEach(async () => {
  server = await startLoopback();
});
afterEach(() => server.close());

const list = (bounds: AnswerBounds = {}): Promise<HubSnapshot> => {
  const repository = { name: "owner/name", revision: "main" };
  const { origin: endpoint } = server;
  const hubFetch = createHubFetch({
    endpoint,
    token: undefined,
    repository,
    firstDelay: 1,
    signal: bounds.signal,
  });
  return listSnapshot(repository, { endpoint, hubFetch, ...bounds });
};

/** Answers which commit the revision is, and which files it has. */
function answer(info: unknown, files: unknown = entries): void {
  server.answer = (response, { url }) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(url?.includes("/tree/") ? files : info));
  };
}
/** The list with one entry changed. */
const withEntry = (path: string, changes: Record<string, unknown>): unknown[] =>
  entries.map((entry) => (entry["path"] === path ? { ...entry, ...changes } : entry));
const invalid = (what: RegExp): unknown =>
  expect.objectContaining({ code: "hub-invalid-answer", message: expect.stringMatching(what) as string });

describe("listSnapshot", () => {
  it("gives the commit and each needed file with its size and checksum", async () => {
    answer({ sha: commit }, [
      ...entries,
      { type: "directory", path: "vae", oid: commit, size: 0 },
      { type: "file", path: "a.png" },
    ]);
    const { files, ...rest } = await list();
    expect(rest).toEqual({ commit });
    expect(files).toHaveLength(10);
    expect(files[0]).toEqual({ path: "model_index.json", size: 130, checksum: commit });
    expect(files).toContainEqual({ path: "vae/model.safetensors", size: 5_000, checksum: sha256 });
  });

  it.each([
    ["-1", -1],
    ["a fraction", 12.5],
    ["beyond all integers", 1e300],
    ["text", "12"],
    ["null", null],
    ["missing", undefined],
  ])("refuses a size that is %s", async (_, size) => {
    answer({ sha: commit }, withEntry("transformer/config.json", { size }));
    await expect(list()).rejects.toEqual(invalid(/transformer\/config\.json.*\(size\)/));
    answer({ sha: commit }, withEntry("vae/model.safetensors", { lfs: { oid: sha256, size } }));
    await expect(list()).rejects.toEqual(invalid(/vae\/model\.safetensors.*\(lfs\.size\)/));
  });

  it.each([
    ["a path", "../../../x"],
    ["a number", 5],
    ["in capitals", "A".repeat(40)],
    ["missing", undefined],
  ])("refuses a checksum that is %s", async (_, oid) => {
    answer({ sha: commit }, withEntry("transformer/config.json", { oid }));
    await expect(list()).rejects.toEqual(invalid(/transformer\/config\.json.*\(oid\)/));
    answer({ sha: commit }, withEntry("vae/model.safetensors", { lfs: { oid, size: 1 } }));
    await expect(list()).rejects.toEqual(invalid(/vae\/model\.safetensors.*\(lfs\.oid\)/));
  });

  it.each([
    ["an object", { a: 1 }],
    ["text", "abc"],
    ["null", null],
    ["of null", [null]],
    ["of paths that are numbers", [{ type: "file", path: 5 }]],
  ])("refuses a list that is %s", async (_, files) => {
    answer({ sha: commit }, files);
    await expect(list()).rejects.toEqual(invalid(/does not answer as a Hugging Face hub does/));
  });

  it.each([
    ["is missing", {}],
    ["is a branch", { sha: "main" }],
    ["would colour a terminal", { sha: "\u001b[31m" }],
    ["is that of null", null],
  ])("refuses a commit that %s", async (_, info) => {
    answer(info);
    const failure = list().catch((error: unknown) => error);
    expect(await failure).toEqual(invalid(/does not answer as a Hugging Face hub does/));
    expect(String(await failure)).not.toContain("\u001b");
  });

  it("refuses a page in place of an answer", async () => {
    server.answer = (response) => response.writeHead(200).end("<html>Log in</html>");
    await expect(list()).rejects.toEqual(invalid(/is not valid JSON/));
  });
});

describe("listSnapshot refuses, long before its end, an answer that", () => {
  const endless = (response: ServerResponse): void => {
    const piece = Buffer.alloc(2 ** 16, " ");
    const send = (): void => {
      while (!response.destroyed && response.write(piece));
      response.once("drain", send);
    };
    response.writeHead(200);
    send();
  };
  const packed = (response: ServerResponse): void => {
    response.writeHead(200, { "Content-Encoding": "gzip" });
    const gzip = createGzip();
    gzip.pipe(response);
    for (let count = 0; count < 64; count += 1) gzip.write(Buffer.alloc(2 ** 20, " "));
    gzip.end("{}");
  };

  it.each([
    ["never ends", endless],
    ["unpacks to gigabytes", packed],
  ])("%s", async (_, send) => {
    server.answer = send;
    await expect(list({ largestAnswer: 2 ** 20 })).rejects.toEqual(
      invalid(/an answer of more than 1048576 bytes/),
    );
    expect(server.ranges).toHaveLength(1);
  });

  it.each([
    ["never begins", () => undefined],
    [
      "comes byte by byte",
      (response: ServerResponse) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(" "), 20);
        response.on("close", () => {
          clearInterval(timer);
        });
      },
    ],
  ])("%s", async (_, send) => {
    server.answer = send;
    await expect(list({ totalTimeout: 200 })).rejects.toEqual(invalid(/no whole answer within 0\.2 s/));
  });

  it("has always another page", async () => {
    server.answer = (response, { url }) => {
      const next = { Link: `<${server.origin}/tree/?p=${server.ranges.length}>; rel="next"` };
      response.writeHead(200, next).end(url?.includes("/tree/") ? "[]" : JSON.stringify({ sha: commit }));
    };
    await expect(list({ mostAnswers: 5 })).rejects.toEqual(invalid(/more than 5 pages/));
    expect(server.ranges).toHaveLength(5);
  });

  it("is being waited for, with its signal", async () => {
    const interruption = new Error("Interrupted");
    server.answer = () => undefined;
    const running = list({ signal: AbortSignal.timeout(50) });
    await expect(running).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(list({ signal: AbortSignal.abort(interruption) })).rejects.toBe(interruption);
  });
});
