import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findSoftwareGpu } from "@measure-plantain/browser-test";
import { readTensors } from "@measure-plantain/flux-runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ablation, Manifest } from "@measure-plantain/probe";
import { createWorkplace, fewBlocks, givenReference, promptSetJson } from "./cli.ts";

const gpu = await findSoftwareGpu();
const place = createWorkplace(gpu);
const run = [
  ...["run", "--prompts", "two.json", "--width", "32", "--height", "32", "--max-sequence-length", "40"],
  // A software GPU takes a tenth of a second for each node that it has not seen: few blocks have all kinds of them.
  ...["--segments", "--quiet", ...fewBlocks, ...givenReference],
];
const read = (...path: readonly string[]): Buffer => readFileSync(place.path(...path));

beforeAll(() => {
  const pairs = ["thumb", "house"].map((word) => ({ id: word, a: `under a ${word}`, b: `over a ${word}` }));
  writeFileSync(place.path("two.json"), promptSetJson({ name: "two", pairs }));
});
afterAll(() => {
  place.remove();
});

describe.skipIf(gpu === undefined)("--device webgpu", () => {
  it("gives the captures and t values of the CPU, names the software driver, and verifies", async () => {
    const there = await place.run(...run, "--device", "webgpu", "--trace-placement", "--out", "there");
    expect(there).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await place.run(...run, "--device", "cpu", "--out", "here")).exitCode).toBe(0);
    const { execution, settings, stages } = JSON.parse(read("there", "manifest.json").toString()) as Manifest;
    expect(execution).toEqual({
      device: "webgpu",
      provider: "WebGpuExecutionProvider",
      why: "asked for; its driver is SwiftShader, which computes on the CPU",
    });
    expect(settings).toMatchObject({ dtype: "float32", weights: "resident", batch: 1 });
    const providers = stages.flatMap(({ placement }) => Object.keys(placement ?? {}));
    expect([...new Set(providers)]).toEqual(["WebGpuExecutionProvider"]);

    const [actual, expected] = await Promise.all(
      ["there", "here"].map((folder) => readTensors(place.path(folder, "captures.safetensors"))),
    );
    for (const [name, { data }] of expected ?? []) {
      if (!name.startsWith("mean_square")) continue;
      for (const [i, meanSquare] of data.entries()) {
        const rms = Math.sqrt(meanSquare);
        const deviation = Math.abs(Math.sqrt(actual?.get(name)?.data[i] ?? NaN) - rms);
        expect(deviation / Math.max(1, rms)).toBeLessThan(1e-5);
      }
    }
    const verified = await place.run("verify", "there");
    expect(verified.stdout).not.toMatch(/^✗/m);
    expect(verified.exitCode).toBe(0);
  });

  it("ablates units, by a factor for each, as the CPU does", async () => {
    const args = [
      "--units",
      "joint.0.to_out[0:16]",
      "--rank-by",
      "all",
      "--random",
      "1",
      "--pairs",
      "1",
      "--json",
      "--quiet",
    ];
    const [actual, expected] = await Promise.all(
      ["there", "here"].map(async (folder) => {
        const { stdout, stderr } = await place.run("ablate", folder, ...args);
        expect(stderr).toBe("");
        return JSON.parse(stdout) as Ablation; // --json prints the record
      }),
    );
    for (const [index, { set }] of (expected?.sets ?? []).entries()) {
      for (const statistic of ["contrastMoved", "disturbance"] as const) {
        const value = actual?.sets[index]?.set[statistic][0];
        expect(value).toBeCloseTo(set[statistic][0] ?? NaN, 4);
        expect(value).toBeGreaterThan(1e-4);
      }
    }
    expect(expected?.sets).toHaveLength(1);
  });

  it("killed amid the passes and started again, ends with the same bytes", async () => {
    await place.killAmidPasses("killed", 1, ...run, "--device", "webgpu");
    expect(existsSync(place.path("killed", "captures.safetensors"))).toBe(false);
    expect((await place.run(...run, "--device", "webgpu", "--out", "killed")).exitCode).toBe(0);
    expect(read("killed", "captures.safetensors").equals(read("there", "captures.safetensors"))).toBe(true);
  });

  it("keeps converted weights in the cache, which lists them and removes them", async () => {
    const listed = await place.run("cache", "list");
    for (const name of ["text_encoder", "transformer", "vae"]) {
      expect(listed.stdout).toMatch(new RegExp(`MB\\twebgpu-weights/${name}-[0-9a-f]{16}$`, "m"));
    }
    const removed = await place.run("cache", "remove", "--converted");
    expect(removed.stdout.match(/^removed\t/gm)).toHaveLength(3);
    expect(readdirSync(place.path("cache", "webgpu-weights"))).toEqual([]);
    const missing = await place.run("cache", "remove", "nothing");
    expect(missing).toMatchObject({ exitCode: 2 });
    expect(missing.stderr).toMatch(/holds no nothing; it holds nothing/);
  });
});

it("without a driver, says what to install", async () => {
  const nowhere = mkdtempSync(join(tmpdir(), "no-driver-"));
  const variables = { VK_ICD_FILENAMES: join(nowhere, "none.json"), LD_LIBRARY_PATH: nowhere };
  const { exitCode, stderr } = await place.runIn(
    ".",
    variables,
    ...run,
    "--device",
    "webgpu",
    "--out",
    "none",
  );
  rmSync(nowhere, { recursive: true });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/WebGPU was asked for, but cannot be used here/);
  expect(stderr).toMatch(/--device cpu/);
  if (process.platform === "linux" && process.arch === "x64")
    expect(stderr).toMatch(/apt-get install libvulkan1/);
  expect(existsSync(place.path("none"))).toBe(false);
});

it.each([
  ["--dtype", "bfloat16", /WebGPU computes in float32 only/],
  ["--weights", "mapped", /--weights mapped.*cannot be used with WebGPU/],
])("refuses %s %s before anything is written", async (flag, value, message) => {
  const { exitCode, stderr } = await place.run(...run, "--device", "webgpu", flag, value, "--out", "refused");
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
  expect(existsSync(place.path("refused"))).toBe(false);
});
