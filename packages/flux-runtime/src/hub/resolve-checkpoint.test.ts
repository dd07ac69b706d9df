import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { hubEnvironment, repositoryName, startHub, type TestHub } from "../../test/hub-server.ts";
import { kleinTiny } from "../../test/klein-tiny.ts";
import { lockFolder } from "../disk/lock-folder.ts";
import type { FolderHolder } from "../disk/wait-for-folder.ts";
import type { Progress } from "../progress.ts";
import type { PlannedDownload } from "./download-snapshot.ts";
import { getCheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../synthesis/synthesize-checkpoint.ts";
import { locateCheckpoint } from "./locate-checkpoint.ts";
import { resolveCheckpoint } from "./resolve-checkpoint.ts";

const checkpointFolder = join(kleinTiny, "checkpoint");
const transformer = "transformer/diffusion_pytorch_model.safetensors";
let folder: string;
let cache: string;
let hub: TestHub;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "resolve-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  hub = await startHub(checkpointFolder);
  cache = join(folder, "hub", "models--owner--klein-tiny");
  for (const [name, value] of Object.entries(hubEnvironment(hub, folder))) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  for (const name of ["hub", "own"]) rmSync(join(folder, name), { recursive: true, force: true });
});

const served = (path: string): Buffer => hub.files.get(path)?.content ?? Buffer.alloc(0);
const blobOf = (path: string): string => join(cache, "blobs", hub.files.get(path)?.checksum ?? "");
/** The files that were asked for, the answers of the storage left out. */
const fetched = (): string[] =>
  hub.requests.flatMap(({ path }) => /\/resolve\/[^/]+\/(.*)/.exec(path)?.[1] ?? []);

/** A snapshot as huggingface_hub writes it, with other bytes in some files. */
function writeSnapshot(damaged: Readonly<Record<string, Buffer>> = {}): void {
  for (const [path, { content }] of hub.files) {
    const link = join(cache, "snapshots", hub.commit, path);
    mkdirSync(dirname(link), { recursive: true });
    mkdirSync(join(cache, "blobs"), { recursive: true });
    writeFileSync(blobOf(path), damaged[path] ?? content);
    symlinkSync(blobOf(path), link);
  }
  mkdirSync(join(cache, "refs"));
  writeFileSync(join(cache, "refs/main"), hub.commit);
}

function flipped(path: string): Buffer {
  const bytes = Buffer.from(served(path));
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 2) ^ 1, bytes.length - 2);
  return bytes;
}

describe("resolveCheckpoint", () => {
  it("reports what it is about to download, and then its bytes", async () => {
    const downloads: PlannedDownload[] = [];
    const seen: Progress[] = [];
    const { id, isSynthesized } = await resolveCheckpoint(repositoryName, {
      onDownload: (download) => downloads.push(download),
      onProgress: (progress) => seen.push(progress),
    });
    expect(id).toBe(`${repositoryName}@${hub.commit}`);
    expect(isSynthesized).toBe(false);
    const [download] = downloads;
    expect(download).toMatchObject({
      repository: repositoryName,
      commit: hub.commit,
      folder: cache,
      cachedBytes: 0,
    });
    expect(seen[0]).toMatchObject({ stage: "downloading", unit: "bytes", done: 0, total: download?.bytes });
    expect(seen.at(-1)).toMatchObject({
      stage: "downloading",
      done: download?.bytes,
      total: download?.bytes,
    });
  });

  it("downloads no weights of models that are given as files, and all of them once they are not", async () => {
    const file = join(checkpointFolder, transformer);
    const given = await resolveCheckpoint(repositoryName, { components: { transformer: file } });
    expect(given.id).toBe(`${repositoryName}@${hub.commit} with transformer ${file}`);
    expect(given.source).toEqual({ checkpoint: `${repositoryName}@${hub.commit}`, transformer: file });
    expect(given.checkpoint.transformer.weights.folder).toBe(file);
    expect(fetched()).not.toContain(transformer);
    expect(fetched()).toContain("vae/diffusion_pytorch_model.safetensors");
    hub.requests.length = 0;
    expect((await resolveCheckpoint(repositoryName)).source).toBeUndefined();
    expect(fetched()).toEqual([transformer]);
  });

  it("takes a transformer's file for the published checkpoint of its sizes", async () => {
    await synthesizeCheckpoint(join(folder, "own"), { ...getCheckpointSpec("tiny"), largestShard: 1e9 });
    const file = join(folder, "own", transformer);
    const { id, checkpoint } = await resolveCheckpoint(file);
    expect(id).toBe(`tiny with transformer ${file}`);
    expect(checkpoint.transformer.weights.folder).toBe(file);
    expect(checkpoint.folder).toBe((await locateCheckpoint("tiny")).folder);
  });

  it.each([
    [
      transformer,
      /sizes that are not known here \(5 joint blocks, 20 single blocks, 64 channels, prompts of 96\)/,
    ],
    ["vae/diffusion_pytorch_model.safetensors", /holds no FLUX\.2 transformer/],
  ])("refuses the file %s, for which no published checkpoint is known", async (path, message) => {
    const resolving = resolveCheckpoint(join(checkpointFolder, path));
    await expect(resolving).rejects.toThrow(message);
    await expect(resolving).rejects.toMatchObject({ code: "checkpoint-not-found" });
  });

  it("asks nothing of a hub about a snapshot of another tool, and reads its files once", async () => {
    writeSnapshot();
    const stages: string[] = [];
    const onProgress = ({ stage }: Progress): number => stages.push(stage);
    await resolveCheckpoint(repositoryName, { onProgress });
    expect(new Set(stages)).toEqual(new Set(["checking"]));
    stages.length = 0;
    await resolveCheckpoint(repositoryName, { onProgress, offline: true });
    expect(stages).toEqual([]);
    expect(hub.requests).toEqual([]);
  });

  it("downloads once for several callers at the same time, and leaves nothing unfinished", async () => {
    const resolved = await Promise.all([1, 2, 3, 4].map(() => resolveCheckpoint(repositoryName)));
    expect(new Set(resolved.map(({ checkpoint }) => checkpoint.folder)).size).toBe(1);
    expect(fetched().sort()).toEqual([...new Set(fetched())].sort());
    const left = ["hub", "own"].flatMap((place) =>
      readdirSync(join(folder, place), { recursive: true }).map(String),
    );
    expect(left.filter((path) => /incomplete|partial|lock$|\.\d+$/.test(path))).toEqual([]);
  });

  it("repairs once for several callers at the same time", async () => {
    writeSnapshot({ [transformer]: flipped(transformer), "vae/config.json": flipped("vae/config.json") });
    await Promise.all([1, 2, 3].map(() => resolveCheckpoint(repositoryName)));
    expect(fetched().sort()).toEqual([transformer, "vae/config.json"].sort());
    expect(readFileSync(blobOf(transformer)).equals(served(transformer))).toBe(true);
  });

  it("waits for a download of the same repository, says so, and ends with its signal meanwhile", async () => {
    const lockPlace = join(folder, "hub", ".locks", "models--owner--klein-tiny");
    mkdirSync(lockPlace, { recursive: true });
    const lock = await lockFolder(lockPlace);
    const interruption = new Error("Interrupted");
    const controller = new AbortController();
    const holders: FolderHolder[] = [];
    const onWait = (holder: FolderHolder): void => {
      holders.push(holder);
      controller.abort(interruption);
    };
    await expect(resolveCheckpoint(repositoryName, { signal: controller.signal, onWait })).rejects.toBe(
      interruption,
    );
    expect(holders).toEqual([{ pid: process.pid, host: hostname() }]);
    expect(hub.requests).toEqual([]);
    const waiting = resolveCheckpoint(repositoryName, { onWait: () => void lock.release() });
    expect((await waiting).id).toContain(hub.commit);
  });

  it.each([
    ["were cut", (bytes: Buffer) => bytes.subarray(0, 100)],
    ["have other bytes", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of(1)])],
  ])("downloads the files of a snapshot again that %s, and no others", async (_, damage) => {
    const damaged = [transformer, "vae/config.json"];
    writeSnapshot(Object.fromEntries(damaged.map((path) => [path, damage(served(path))])));
    await resolveCheckpoint(repositoryName);
    expect(fetched().sort()).toEqual([...damaged].sort());
    for (const path of damaged) {
      const stored = readFileSync(join(cache, "snapshots", hub.commit, path));
      expect(stored.equals(served(path))).toBe(true);
    }
    hub.requests.length = 0;
    await resolveCheckpoint(repositoryName);
    expect(hub.requests).toEqual([]);
  });

  it("repairs the commit that the cache has, whatever the branch is by now", async () => {
    writeSnapshot({ [transformer]: flipped(transformer) });
    await resolveCheckpoint(repositoryName);
    expect(hub.requests[0]?.path).toContain(`/revision/${hub.commit}`);
    expect(readFileSync(join(cache, "refs/main"), "utf8")).toBe(hub.commit);
  });

  it("names the damaged files offline, and leaves them as they are", async () => {
    const bytes = flipped(transformer);
    writeSnapshot({ [transformer]: bytes });
    await expect(resolveCheckpoint(repositoryName, { offline: true })).rejects.toMatchObject({
      code: "download-corrupted",
      message: expect.stringContaining(transformer) as string,
      details: { damaged: [transformer] },
    });
    expect(readFileSync(blobOf(transformer)).equals(bytes)).toBe(true);
  });

  it("ends a check with its signal", async () => {
    writeSnapshot();
    const interruption = new Error("Interrupted");
    const signal = AbortSignal.abort(interruption);
    await expect(resolveCheckpoint(repositoryName, { signal })).rejects.toBe(interruption);
  });

  it("opens a folder, and says of random weights that they are", async () => {
    expect(await resolveCheckpoint(checkpointFolder)).toMatchObject({ isSynthesized: false });
    const { checkpoint, ...rest } = await resolveCheckpoint("tiny");
    expect(rest).toEqual({ id: "tiny", isSynthesized: true });
    expect(checkpoint.hasRandomWeights).toBe(true);
  });

  it("synthesizes once for callers at the same time, and over an empty folder", async () => {
    mkdirSync((await locateCheckpoint("tiny")).folder, { recursive: true });
    const resolved = await Promise.all([1, 2, 3].map(() => resolveCheckpoint("tiny")));
    expect(new Set(resolved.map(({ checkpoint }) => checkpoint.folder)).size).toBe(1);
    expect(readdirSync(join(folder, "own"))).toHaveLength(1);
  });

  it.each([
    ["nowhere", {}, "checkpoint-not-found"],
    ["random:nothing", {}, "invalid-argument"],
    ["owner/other", {}, "checkpoint-not-found"],
    ["owner/other", { offline: true }, "checkpoint-not-cached"],
  ])("refuses %s with %o", async (name, options, code) => {
    await expect(resolveCheckpoint(name, options)).rejects.toMatchObject({ name: "FluxRuntimeError", code });
  });
});
