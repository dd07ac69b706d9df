import {
  buildTransformerModel,
  getCheckpointSpec,
  openCheckpoint,
  synthesizeCheckpoint,
} from "@measure-plantain/flux-runtime";
import { listProjections, type TapRecord, type UnitLayout } from "@measure-plantain/head-hooks";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { hook, type HookCommandOptions } from "./hook.ts";

let folder = "";
let [model, hooked] = ["", ""];

/** FLUX.2 Klein's transformer at a tenth of its width: 5 joint blocks, 20 single blocks, 4 heads of 32 channels. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hook-command-"));
  const path = join(folder, "checkpoint");
  await synthesizeCheckpoint(path, getCheckpointSpec("tiny"));
  const checkpoint = await openCheckpoint(path);
  const { externalDataFolder } = checkpoint.transformer.weights;
  model = join(externalDataFolder, "model.onnx");
  hooked = join(externalDataFolder, "hooked.onnx");
  await writeFile(model, await buildTransformerModel(checkpoint));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs the command and returns what it prints to stdout. */
async function printed(output: string | undefined, options: Partial<HookCommandOptions>): Promise<string> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const defaults = {
    at: [],
    reduction: "mean-square",
    segments: false,
    perToken: false,
    scale: false,
    capturesOnly: false,
  } as const;
  await hook(model, output, { ...defaults, list: false, json: false, ...options });
  vi.restoreAllMocks();
  return text;
}

it("lists what would be tapped as a table, found by structure, and writes nothing", async () => {
  const lines = (await printed(undefined, { list: true })).trimEnd().split("\n");
  expect(lines[0]).toMatch(/^address +node +op +channels +heads +found$/);
  // Two streams of 5 joint blocks, and attention and MLP of 20 single blocks.
  expect(lines).toHaveLength(1 + 5 * 2 + 20 * 2);
  expect(
    lines.find((line) => line.startsWith("single_transformer_blocks.0.attn.to_out.attn[0:128]")),
  ).toMatch(/FusedMatMul +128 +4 × 32 +behind MultiHeadAttention/);
  expect(await readdir(join(model, ".."))).not.toContain("hooked.onnx");
});

it("hooks the projections that the patterns name, and prints the layout as JSON", async () => {
  const at = ["transformer_blocks.*.attn.to_out.0", "single_transformer_blocks.*.attn.to_out"];
  const layout = JSON.parse(await printed(hooked, { at, group: 16, json: true })) as UnitLayout; // as it was printed
  expect(layout).toMatchObject({ groupSize: 16, headCount: 25 * 4, unitCount: (5 * 128 + 20 * 512) / 16 });
  expect(await readdir(join(model, ".."))).toContain("hooked.onnx");
});

it("with capturesOnly, the written model lacks what only its own output needs", async () => {
  await printed(hooked, { capturesOnly: true });
  const [before, after] = await Promise.all(
    [model, hooked].map(async (path) => listProjections(await readFile(path)).map(({ node }) => node)),
  );
  expect(before).toContain("proj_out");
  expect(after).not.toContain("proj_out");
  expect(after).toContain("single_transformer_blocks.18.attn.to_out");
});

it("lists as JSON, and says by name where no attention is before a projection", async () => {
  const at = ["transformer_blocks.0.ff.linear_out"];
  const [tap] = JSON.parse(await printed(undefined, { list: true, json: true, at })) as TapRecord[]; // as it was printed
  expect(tap).toMatchObject({ channels: 384, heads: null, attention: null });
});

it("refuses a pattern that matches nothing with the nearest names, and a missing output", async () => {
  await expect(printed(undefined, { list: true, at: ["blocks.*.attn"] })).rejects.toThrow(/nearest names/);
  await expect(printed(undefined, {})).rejects.toThrow(/the file to write/);
  await expect(
    hook("nowhere.onnx", undefined, {
      at: [],
      reduction: "rms",
      segments: false,
      perToken: false,
      scale: false,
      capturesOnly: false,
      list: true,
      json: false,
    }),
  ).rejects.toThrow(/nowhere\.onnx/);
});
