import { copyFileSync, cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getCheckpointSpec, synthesizeCheckpoint } from "@measure-plantain/flux-runtime";
import type { Manifest } from "@measure-plantain/probe";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, fewBlocks, givenReference, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const [, folder = ""] = fewBlocks;
const models = ["--transformer", "klein.safetensors", "--text-encoder", "qwen.safetensors", "--vae", "vae"];
const small = [
  ...["--prompts", "few.json", "--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet"],
  ...[...fewBlocks, ...givenReference],
];
const read = (...path: readonly string[]): Buffer => readFileSync(place.path(...path));
const manifest = (run: string): Manifest => JSON.parse(read(run, "manifest.json").toString()) as Manifest; // what the command wrote

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson());
  copyFileSync(
    join(folder, "transformer/diffusion_pytorch_model.safetensors"),
    place.path("klein.safetensors"),
  );
  copyFileSync(join(folder, "text_encoder/model.safetensors"), place.path("qwen.safetensors"));
  cpSync(join(folder, "vae"), place.path("vae"), { recursive: true });
  const controls = ["--control", "random-weights", "planted"];
  const { exitCode, stderr } = await place.run("run", ...small, ...models, ...controls, "--out", "run");
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});
afterAll(() => {
  place.remove();
});

it("a run on models from files captures what the whole checkpoint does, names them, and verifies", async () => {
  expect((await place.run("run", ...small, "--out", "whole")).exitCode).toBe(0);
  expect(read("run", "captures.safetensors").equals(read("whole", "captures.safetensors"))).toBe(true);
  const { checkpoint } = manifest("run").settings;
  expect(checkpoint).toMatchObject({
    id: `${folder} with transformer klein.safetensors, text encoder qwen.safetensors, VAE vae`,
    source: {
      checkpoint: folder,
      transformer: "klein.safetensors",
      textEncoder: "qwen.safetensors",
      autoencoder: "vae",
    },
  });
  expect(checkpoint.files).toEqual(manifest("whole").settings.checkpoint.files);
  expect(read("run", "summary.md").toString()).toContain(
    `--checkpoint ${folder} --transformer klein.safetensors --text-encoder qwen.safetensors --vae vae --control`,
  );
  expect((await place.run("verify", "run")).exitCode).toBe(0);
});

it("is continued with the same files only", async () => {
  const before = manifest("run");
  const again = ["run", ...small, "--out", "run"];
  expect(await place.run(...again, ...models)).toMatchObject({ exitCode: 0, stderr: "" });
  expect(manifest("run")).toEqual(before);
  const { exitCode, stderr } = await place.run(...again);
  expect(stderr).toMatch(/other settings.*checkpoint\.source/s);
  expect(exitCode).toBe(2);
});

it("its controls are made from the same files, and ablate finds them again", async () => {
  const control = "run/controls/planted-1";
  expect(manifest(control).settings.checkpoint).toMatchObject({
    source: manifest("run").settings.checkpoint.source,
    change: { kind: "planted", seed: 1 },
  });
  const few = ["--rank-by", "all", "--top", "1", "--random", "1", "--pairs", "1", "--quiet"];
  for (const run of ["run", control]) {
    expect(await place.run("ablate", run, ...few)).toMatchObject({ exitCode: 0, stderr: "" });
  }
  renameSync(place.path("klein.safetensors"), place.path("moved.safetensors"));
  const next = ["ablate", "run", ...few.with(3, "2")];
  const gone = await place.run(...next);
  expect(gone.stderr).toMatch(/klein\.safetensors/);
  expect(gone.exitCode).toBe(2);
  const moved = ["--transformer", "moved.safetensors"];
  expect(await place.run(...next, ...moved)).toMatchObject({ exitCode: 0, stderr: "" });
  renameSync(place.path("moved.safetensors"), place.path("klein.safetensors"));
});

it("a plan names the files, and a run follows it", async () => {
  expect(await place.run("plan", ...small, ...models)).toMatchObject({ exitCode: 0 });
  const { sources } = JSON.parse(read("plan.json").toString()) as { readonly sources: object }; // what the command wrote
  expect(sources).toMatchObject({ transformer: "klein.safetensors", autoencoder: "vae" });
  const absolute = ["--transformer", place.path("klein.safetensors")];
  const planned = await place.run("run", "--plan", "plan.json", ...absolute, "--quiet", "--out", "planned");
  expect(planned).toMatchObject({ exitCode: 0, stderr: "" });
  expect(read("planned", "captures.safetensors").equals(read("run", "captures.safetensors"))).toBe(true);
});

it("a transformer's file alone says of which checkpoint it has the sizes", async () => {
  await synthesizeCheckpoint(place.path("alone"), { ...getCheckpointSpec("tiny"), largestShard: 1e9 });
  const file = "alone/transformer/diffusion_pytorch_model.safetensors";
  const size = ["--width", "32", "--height", "32", "--max-sequence-length", "24"];
  const args = [
    "generate",
    "--checkpoint",
    file,
    "--prompt",
    "x",
    "--steps",
    "1",
    "--guidance",
    "1",
    ...size,
  ];
  const { exitCode, stderr } = await place.run(...args, "--out", "image.png");
  expect(stderr).toContain(`By its sizes, ${file} is a transformer of tiny; what it lacks comes from there.`);
  expect(exitCode).toBe(0);
});
