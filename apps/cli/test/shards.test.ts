import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readImage, writePng } from "@measure-plantain/flux-runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProbeError, mergeShards, type Manifest } from "@measure-plantain/probe";
import { createWorkplace, fewBlocks, promptSetJson, type Finished } from "./cli.ts";

const place = createWorkplace();
const words = ["thumb", "house", "hill", "grain", "planet"];
const small = [
  ...["--prompts", "five.json", "--width", "64", "--height", "64", "--max-sequence-length", "48"],
  ...["--segments", "--tap", "to_add_out", "--capture", "signed", ...fewBlocks],
];
const file = (...parts: readonly string[]): Buffer => readFileSync(place.path(...parts));
const manifest = (folder: string): Manifest =>
  JSON.parse(file(folder, "manifest.json").toString()) as Manifest; // what the command wrote

beforeAll(async () => {
  const pairs = words.map((word) => ({ id: word, a: `smaller than a ${word}`, b: `larger than a ${word}` }));
  writeFileSync(place.path("five.json"), promptSetJson({ name: "five", pairs }));
  const capture = async (...args: readonly string[]): Promise<void> => {
    const { exitCode, stderr } = await place.run("run", ...small, ...args);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  };
  await capture("--out", "whole"); // makes the checkpoint that the others find
  await Promise.all([capture("--shard", "1/2", "--out", "one"), capture("--shard", "2/2", "--out", "two")]);
});
afterAll(() => {
  place.remove();
});

/** Merges, and expects a message and no folder. In this process: what the command adds is tested once. */
async function refused(shards: readonly string[], message: RegExp): Promise<void> {
  const merging = mergeShards(
    place.path("none"),
    shards.map((shard) => place.path(shard)),
  );
  await expect(merging).rejects.toThrow(message);
  await expect(merging).rejects.toThrow(ProbeError);
  expect(existsSync(place.path("none"))).toBe(false);
}

/** A copy of the second shard whose manifest says something else. */
function altered(name: string, change: (manifest: Manifest) => Manifest): string {
  cpSync(place.path("two"), place.path(name), { recursive: true });
  writeFileSync(place.path(name, "manifest.json"), JSON.stringify(change(manifest("two"))));
  return name;
}

it("a shard can be verified alone: its captures, prompts and image; it has no results", async () => {
  const { exitCode, stdout } = await place.run("verify", "two");
  expect(stdout).toMatch(/^✓ the captures are whole$/m);
  expect(stdout).not.toMatch(/^✗|summary/m);
  expect(exitCode).toBe(0);
});

describe("run --shard K/N", () => {
  it("captures every N-th pair, says which shard it is, and writes no statistics", () => {
    expect(manifest("two")).toMatchObject({
      state: "complete",
      settings: { shard: { number: 2, count: 2 } },
    });
    expect(readdirSync(place.path("two")).sort()).toEqual([
      "captures.safetensors",
      "manifest.json",
      "reference.json",
      "reference.png",
      "units.json",
    ]);
    expect(file("two", "reference.png").equals(file("whole", "reference.png"))).toBe(true);
  });

  it("names its folder after the shard, and prints it", async () => {
    const { exitCode, stdout, stderr } = await place.run("run", ...small, "--shard", "2/5", "--json");
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/Shard 2 of 5 is complete: 1 of 5 pairs.*no statistics.*measure-plantain merge/);
    expect(JSON.parse(stdout)).toEqual({
      folder: place.path("runs", "few-blocks-five-shard-2-of-5"),
      shard: { number: 2, count: 5 },
      pairs: 1,
    });
  });

  it("1/1 is the whole run, with its statistics", async () => {
    const { exitCode, stdout } = await place.run("run", ...small, "--shard", "1/1", "--out", "single");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Groups of 16 channels/);
    expect(file("single", "captures.safetensors").equals(file("whole", "captures.safetensors"))).toBe(true);
  });

  it.each([
    [["--shard", "3/2"], /Expected K\/N with K from 1 to N/],
    [["--shard", "1/6"], /5 pairs, which cannot be spread over 6 shards/],
    [["--shard", "1/2", "--out", "two"], /holds a run with other settings.*shard\.number: 2 there, 1 now/s],
    [["--shard", "1/2", "--control", "random-weights"], /leave out --control, or --shard/],
  ])("refuses %j", async (args, message) => {
    const { exitCode, stderr } = await place.run("run", ...small, ...args);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });

  it("has no statistics to compute", async () => {
    const { exitCode, stderr } = await place.run("stats", "two");
    expect(stderr).toMatch(/holds shard 2\/2, a part of a run.*measure-plantain merge OUT SHARD_DIR/s);
    expect(exitCode).toBe(2);
  });
});

describe("merge", () => {
  let merged: Finished;
  beforeAll(async () => {
    merged = await place.run("merge", "merged", "two", "one");
  });

  it("gives the captures of a run that was not split, byte for byte, and its results", () => {
    expect({ exitCode: merged.exitCode, stderr: merged.stderr }).toMatchObject({ exitCode: 0 });
    expect(merged.stderr).toMatch(/2 shards agree and are joined in .*merged/);
    expect(merged.stdout).toMatch(/Groups of 16 channels/);
    const same = [
      "captures.safetensors",
      "units.json",
      "units.csv",
      "heads.csv",
      "reference.png",
      "reference.json",
    ];
    for (const name of [...same, "summary.json", "summary.md"]) {
      expect([name, file("merged", name).equals(file("whole", name))]).toEqual([name, true]);
    }
    expect(readdirSync(place.path("merged")).sort()).toEqual(readdirSync(place.path("whole")).sort());
  });

  it("writes the manifest of the whole run, with the stages of every shard", () => {
    const { settings, mergedShards, stages, state } = manifest("merged");
    expect(settings).toEqual(manifest("whole").settings);
    expect({ state, mergedShards }).toEqual({ state: "complete", mergedShards: 2 });
    expect(stages.map(({ stage }) => stage)).toContain("capture passes (shard 2/2)");
  });

  it("a second time, gives the same", async () => {
    const { exitCode } = await place.run("merge", "merged", "one", "two", "--quiet");
    expect(exitCode).toBe(0);
    expect(file("merged", "captures.safetensors").equals(file("whole", "captures.safetensors"))).toBe(true);
  });

  it("refuses a missing shard by its number", () => refused(["two"], /Of 2 shards one is missing: 1\/2/));

  it("refuses a shard that is given twice", () =>
    refused(["one", "two", altered("again", (same) => same)], /two and .*again are both shard 2\/2/));

  it("refuses a shard that is not complete", () =>
    refused(
      ["one", altered("cut", (whole) => ({ ...whole, state: "running" }))],
      /Shard 2\/2 in .*cut is not complete.*same command/,
    ));

  it("refuses shards of other settings, and names the settings", () => {
    const other = altered("other", (same) => ({ ...same, settings: { ...same.settings, noiseSeeds: [7] } }));
    return refused(["one", other], /one and .*other do not belong together.*noiseSeeds.0: 0 there, 7 now/s);
  });

  it("refuses shards of another release", () => {
    const other = altered("release", (same) => ({ ...same, packages: { "measure-plantain": "9.9.9" } }));
    return refused(
      ["one", other],
      /release do not belong together.*packages\.measure-plantain: .* "9\.9\.9" now/s,
    );
  });

  it("refuses a shard of another division", () => {
    const shard = { number: 2, count: 3 };
    const other = altered("thirds", (same) => ({ ...same, settings: { ...same.settings, shard } }));
    return refused(["one", other], /one is shard 1\/2, but .*thirds is shard 2\/3/);
  });

  it("refuses another fixed image, even by one value of one pixel", async () => {
    const other = altered("pixel", (same) => same);
    const image = await readImage(place.path(other, "reference.png"));
    const data = Uint8Array.from(image.data, (value, index) => (index === 100 ? value ^ 1 : value));
    await writePng(place.path(other, "reference.png"), { ...image, data });
    await refused(["one", other], /The fixed image reference.png differs between .*one and .*pixel/);
  });

  it("refuses captures of which a byte was changed", async () => {
    const other = altered("flipped", (same) => same);
    const path = place.path(other, "captures.safetensors");
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 4) ^ 1, bytes.length - 4);
    writeFileSync(path, bytes);
    await refused(["one", other], /flipped.captures\.safetensors is not what shard 2\/2 wrote.*Restore/);
    rmSync(path);
    await refused(["one", other], /flipped.captures\.safetensors is not what shard 2\/2 wrote.*Restore/);
  });

  it("refuses captures that are not the shard's", () => {
    const { capturesSha256 } = manifest("one");
    const other = altered("swapped", (same) => ({ ...same, capturesSha256 }));
    cpSync(place.path("one", "captures.safetensors"), place.path(other, "captures.safetensors"));
    return refused(
      ["one", other],
      /swapped.captures\.safetensors does not hold what shard 2\/2 captures.*\[2, 2, \d+\].*\[3, 2/,
    );
  });

  it("refuses a run that is no shard, and a folder that is no run", async () => {
    await refused(["whole", "two"], /whole is not a shard: it was run as a whole/);
    await refused(["one", "cache"], /cache is not a run folder/);
  });

  it("refuses an output folder that holds something else, in one message", async () => {
    mkdirSync(place.path("notes"));
    writeFileSync(place.path("notes", "notes.txt"), "no run");
    const { exitCode, stdout, stderr } = await place.run("merge", "notes", "one", "two");
    expect(stderr).toMatch(/notes is not a run folder/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  });
});
