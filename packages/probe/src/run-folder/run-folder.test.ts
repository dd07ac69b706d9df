import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProbeSettings } from "../settings/settings.ts";
import { RunFolder } from "./run-folder.ts";

const settings: ProbeSettings = {
  checkpoint: { id: "tiny", files: [] },
  promptSet: { name: "few", version: "1.0.0", sha256: "", pairs: 2 },
  references: [],
  noiseSeeds: [0],
  noise: "shared",
  sigmas: [1],
  width: 64,
  height: 64,
  maxSequenceLength: 48,
  steps: 1,
  guidance: 1,
  groupSize: 16,
  capture: "mean-square",
  taps: [],
  segments: false,
  textEncoderLayers: [9, 18, 27],
  rotaryFrequencies: "float32",
  device: "cpu",
  dtype: "float32",
  weights: "mapped",
  batch: 1,
  threads: 1,
};

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "run-folder-"));
});
afterEach(() => rm(path, { recursive: true }));

const unfinished = "manifest.json.1-1-00000000-00000000.partial";
const abandonedLock = "writing.1-1-00000000-00000000.lock";

describe("RunFolder.openForRun(path, settings)", () => {
  it.each([
    { title: "nothing", files: [], folders: [] },
    { title: "empty folders", files: [], folders: ["passes", "cache"] },
    { title: "half a manifest", files: [unfinished], folders: [] },
    { title: "half a manifest and empty folders", files: [unfinished], folders: ["passes", "cache"] },
  ])("begins a run where one that was stopped left $title", async ({ files, folders }) => {
    for (const folder of folders) await mkdir(join(path, folder));
    for (const file of files) await writeFile(join(path, file), '{"schema');
    const folder = await RunFolder.openForRun(path, settings);
    await folder.close();
    expect((await readdir(path)).sort()).toEqual(["cache", "passes"]);
  });

  it.each([
    ["a file", ["notes.txt"]],
    ["a file in a folder that is called as one of a run", ["cache", "cache/photograph.png"]],
    ["passes without a manifest", ["passes", "passes/00000-a-1.safetensors"]],
    ["a file next to what a run left", [unfinished, "notes.txt"]],
  ])("refuses a folder that holds %s, and leaves it as it is", async (_, entries) => {
    for (const entry of entries) {
      if (entry.includes(".")) await writeFile(join(path, entry), "");
      else await mkdir(join(path, entry));
    }
    await expect(RunFolder.openForRun(path, settings)).rejects.toThrow(/is not a run folder/);
    expect((await readdir(path, { recursive: true })).sort()).toEqual([...entries].sort());
  });

  it("names the process that writes into the folder", async () => {
    const first = await RunFolder.openForRun(path, settings);
    await expect(RunFolder.openForRun(path, settings)).rejects.toMatchObject({
      code: "folder-in-use",
      details: { pid: process.pid },
    });
    await first.close();
    await (await RunFolder.openForRun(path, settings)).close();
  });

  it("gives a lock that a machine elsewhere does not renew two minutes", async () => {
    await writeFile(join(path, abandonedLock), "");
    await expect(RunFolder.openForRun(path, settings)).rejects.toMatchObject({ code: "folder-in-use" });
    expect(await readdir(path)).toEqual([abandonedLock]);
  });
});

describe("whileLocked(work)", () => {
  it("keeps others out during the work, may be nested, and lets them in when the work failed", async () => {
    const folder = await RunFolder.openForRun(path, settings);
    await folder.close();
    const work = (): Promise<void> =>
      folder.whileLocked(async () => {
        await expect(RunFolder.openForRun(path, settings)).rejects.toMatchObject({ code: "folder-in-use" });
        throw new Error("it failed");
      });
    await expect(folder.whileLocked(work)).rejects.toThrow("it failed");
    await (await RunFolder.openForRun(path, settings)).close();
  });
});
