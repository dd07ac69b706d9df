import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "@measure-plantain/flux-runtime";
import type { Manifest } from "@measure-plantain/probe";
import { createWorkplace, finish, kleinTiny, promptSetJson, type Finished } from "./cli.ts";
import {
  listedFile,
  refuse,
  repositoryName,
  sendBrokenOff,
  startHub,
  type TestHub,
} from "../../../packages/flux-runtime/test/hub-server.ts";

const environment: Record<string, string> = { HF_HUB_OFFLINE: "0", HF_TOKEN: "" };
const place = createWorkplace(environment);
const cache = place.path("huggingface", "hub", "models--owner--klein-tiny");
const blobs = join(cache, "blobs");
const transformer = "transformer/diffusion_pytorch_model.safetensors";
let hub: TestHub;

beforeAll(() => {
  writeFileSync(place.path("few.json"), promptSetJson());
  // What a repository holds beside the checkpoint, and is not needed.
  cpSync(join(kleinTiny, "checkpoint"), place.path("repository"), { recursive: true });
  for (const file of ["README.md", "klein.safetensors", "teaser.png", "vae/diffusion_pytorch_model.bin"]) {
    writeFileSync(place.path("repository", file), "not needed");
  }
  writeFileSync(place.path("repository/vae/diffusion_pytorch_model.fp16.safetensors"), "not needed");
});
beforeEach(async () => {
  hub = await startHub(place.path("repository"));
  environment["HF_ENDPOINT"] = hub.endpoint;
});
afterEach(async () => {
  await hub.close();
  rmSync(place.path("huggingface"), { recursive: true, force: true });
});
afterAll(() => {
  place.remove();
});

/** Opens the checkpoint and its tokenizer: what every command does first, and nothing more. */
const open = (which: string = repositoryName, ...options: readonly string[]): Promise<Finished> =>
  place.run("prompts", "check", "few.json", "--checkpoint", which, ...options);
const servedBytes = (path: string): Buffer => hub.files.get(path)?.content ?? Buffer.alloc(0);
const checksum = (path: string): string => hub.files.get(path)?.checksum ?? "";

describe("--checkpoint OWNER/NAME", () => {
  it("downloads what is needed and no more, into the layout of the Hugging Face cache, with progress", async () => {
    const { exitCode, stderr } = await open();
    expect(stderr).toMatch(/Downloading owner\/klein-tiny \(commit \w{12}\) into .*: 14 files, 4\.5 MB\./);
    expect(stderr).toMatch(/downloading: 4\.5 MB in \d/);
    expect(exitCode).toBe(0);
    expect(readFileSync(join(cache, "refs/main"), "utf8")).toBe(hub.commit);
    const snapshot = join(cache, "snapshots", hub.commit);
    const stored = readdirSync(snapshot, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.includes("."),
    );
    expect(stored.sort()).toEqual(
      [...hub.files.keys()]
        .filter((path) => !/README|teaser|^klein|\.bin|fp16|generation_config/.test(path))
        .sort(),
    );
    expect(readlinkSync(join(snapshot, transformer))).toBe(`../../../blobs/${checksum(transformer)}`);
    for (const path of stored)
      expect(readFileSync(join(snapshot, path)).equals(servedBytes(path))).toBe(true);
    expect(readdirSync(blobs).filter((name) => name.includes("incomplete"))).toEqual([]);
  });

  it("runs from there as from a folder, byte for byte, and asks for nothing the second time", async () => {
    const small = ["--prompts", "few.json", "--width", "64", "--height", "64", "--max-sequence-length", "48"];
    await open();
    hub.requests.length = 0;
    const { exitCode } = await place.run(
      "run",
      ...small,
      "--checkpoint",
      repositoryName,
      "--out",
      "from-hub",
    );
    expect(exitCode).toBe(0);
    expect(hub.requests).toEqual([]);
    await place.run("run", ...small, "--checkpoint", `${kleinTiny}/checkpoint`, "--out", "from-folder");
    const captures = (folder: string): Buffer => readFileSync(place.path(folder, "captures.safetensors"));
    expect(captures("from-hub").equals(captures("from-folder"))).toBe(true);
    const manifest = JSON.parse(readFileSync(place.path("from-hub/manifest.json"), "utf8")) as Manifest; // just written
    expect(manifest.settings.checkpoint.id).toBe(`${repositoryName}@${hub.commit}`);
  });

  it("uses the snapshot that huggingface_hub made, links and all, without a request", async () => {
    for (const [path, { content, checksum: blob }] of hub.files) {
      const link = join(cache, "snapshots", hub.commit, path);
      mkdirSync(dirname(link), { recursive: true });
      mkdirSync(blobs, { recursive: true });
      writeFileSync(join(blobs, blob), content);
      symlinkSync(`${"../".repeat(path.split("/").length + 1)}blobs/${blob}`, link);
    }
    mkdirSync(join(cache, "refs"));
    writeFileSync(join(cache, "refs/main"), hub.commit);
    expect((await open()).exitCode).toBe(0);
    expect((await open(repositoryName, "--offline")).exitCode).toBe(0);
    expect(hub.requests).toEqual([]);
  });

  it("fetches again what an incomplete snapshot lacks, and nothing else", async () => {
    await open();
    rmSync(join(blobs, checksum(transformer)));
    hub.requests.length = 0;
    const { exitCode, stderr } = await open();
    expect(stderr).toMatch(/1\.1 MB of it is there already/);
    expect(exitCode).toBe(0);
    expect(hub.requests.filter(({ path }) => path.includes("resolve")).map(({ path }) => path)).toEqual([
      `/${repositoryName}/resolve/${hub.commit}/${transformer}`,
    ]);
  });

  it("takes a tag or a commit after the @", async () => {
    expect((await open(`${repositoryName}@v1`)).exitCode).toBe(0);
    expect(readdirSync(join(cache, "refs"))).toEqual(["v1"]);
    hub.requests.length = 0;
    expect((await open(`${repositoryName}@${hub.commit}`)).exitCode).toBe(0);
    expect(hub.requests).toEqual([]);
  });

  it("two processes at once do each other no harm", async () => {
    const results = await Promise.all([open(), open()]);
    expect(results.map(({ exitCode, stderr }) => (exitCode === 0 ? "" : stderr))).toEqual(["", ""]);
    const bytes = hub.requests.filter(({ path }) => path.endsWith(transformer));
    expect(bytes).toHaveLength(1);
    expect(readdirSync(blobs).filter((name) => name.includes("incomplete"))).toEqual([]);
  });
});

it("a download waits for another one of the same repository, and names its process", async () => {
  const folder = place.path("huggingface", "hub", ".locks", "models--owner--klein-tiny");
  mkdirSync(folder, { recursive: true });
  const lock = await lockFolder(folder);
  const child = place.start("prompts", "check", "few.json", "--checkpoint", repositoryName);
  const waits = new Promise<unknown>((resolve) => child.stderr?.once("data", resolve));
  const finished = finish(child);
  expect(String(await waits)).toBe(
    `Waiting for process ${process.pid} on ${hostname()}, which is downloading from the same repository.\n`,
  );
  expect(hub.requests).toEqual([]);
  await lock.release();
  expect((await finished).exitCode).toBe(0);
});

describe("an interrupted transfer", () => {
  it("goes on by itself where the connection broke off once", async () => {
    let broken = 0;
    hub.interfere = ({ server, path, range }, response) => {
      if (server !== "storage" || !path.endsWith(checksum(transformer)) || broken++ > 0) return false;
      sendBrokenOff(response, servedBytes(transformer), { range, bytes: 1_000_000 });
      return true;
    };
    expect((await open()).exitCode).toBe(0);
    const ranges = hub.requests
      .filter(({ path }) => path.endsWith(checksum(transformer)))
      .map(({ range }) => range);
    // What was on its way when the connection broke off may be lost with it, how much is up to Node's release.
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    expect(Number(/\d+/.exec(ranges[1] ?? "")?.[0])).toBeLessThanOrEqual(1_000_000);
  });

  it("of a killed process goes on with the next start, and asks only for the rest", async () => {
    hub.interfere = ({ path }, response) => {
      if (!path.endsWith(checksum(transformer))) return false;
      const content = servedBytes(transformer);
      response.writeHead(200, { "Content-Length": content.length });
      response.write(content.subarray(0, 2_000_000)); // and no more comes
      return true;
    };
    const child = place.start("prompts", "check", "few.json", "--checkpoint", repositoryName);
    const incomplete = join(blobs, `${checksum(transformer)}.incomplete`);
    while (!existsSync(incomplete) || readFileSync(incomplete).length < 2_000_000) await setTimeout(10);
    child.kill("SIGKILL");
    await finish(child);
    expect(existsSync(join(cache, "refs/main"))).toBe(false);

    hub.interfere = () => false;
    hub.requests.length = 0;
    const { exitCode, stderr } = await open();
    expect(stderr).toMatch(/MB of it is there already/);
    expect(exitCode).toBe(0);
    expect(hub.requests.filter(({ server }) => server === "storage").map(({ range }) => range)).toContain(
      "bytes=2000000-",
    );
    const stored = join(cache, "snapshots", hub.commit, transformer);
    expect(readFileSync(stored).equals(servedBytes(transformer))).toBe(true);
  });

  it("ends with Ctrl-C at once and says that nothing is lost", async () => {
    hub.interfere = ({ server }) => server === "storage"; // no answer
    const child = place.start("prompts", "check", "few.json", "--checkpoint", repositoryName);
    while (!hub.requests.some(({ server }) => server === "storage")) await setTimeout(10);
    child.kill("SIGINT");
    const { exitCode, stderr } = await finish(child);
    expect(stderr).toMatch(/Interrupted\. What was stored is kept/);
    expect(exitCode).toBe(130);
  });
});

/** Expects one message and no stack. */
async function refused(which: string, exitCode: 1 | 2, message: RegExp): Promise<void> {
  const result = await open(which);
  expect(result.stderr).toMatch(message);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: "" });
}

describe("one clear message and the right exit code for", () => {
  it("a file with other bytes than were published, which is removed", async () => {
    const file = listedFile(transformer, servedBytes(transformer));
    const content = Buffer.from(file.content);
    content.writeUInt8(content.readUInt8(3_000_000) ^ 1, 3_000_000);
    hub.files.set(transformer, { ...file, content });
    await refused(
      repositoryName,
      1,
      /transformer\/diffusion_pytorch_model\.safetensors came with other bytes.*removed/,
    );
    expect(readdirSync(blobs).filter((name) => name.startsWith(file.checksum))).toEqual([]);
    hub.files.set(transformer, file);
    expect((await open()).exitCode).toBe(0);
  });

  it("a gated model", async () => {
    hub.interfere = (_, response) => {
      refuse(response, 401, "GatedRepo");
      return true;
    };
    await refused(repositoryName, 2, /is gated: accept its licence at .*owner\/klein-tiny, set HF_TOKEN/);
  });

  it("a hub that asks to wait for an hour", async () => {
    hub.interfere = (_, response) => {
      refuse(response, 429, undefined, { "Retry-After": "3600" });
      return true;
    };
    await refused(repositoryName, 1, /429.*in 3600 s/);
  });

  it("a model that is not in the cache, offline", async () => {
    const { exitCode, stderr } = await open(repositoryName, "--offline");
    expect(stderr).toMatch(
      /owner\/klein-tiny is not in the Hugging Face cache .*nothing is downloaded offline\. Start once without --offline/,
    );
    expect(exitCode).toBe(2);
    expect(hub.requests).toEqual([]);
  });
});
