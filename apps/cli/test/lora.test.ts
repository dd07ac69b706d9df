import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createTorchGenerator,
  readSafetensorsHeader,
  writeSafetensors,
  type TensorToWrite,
} from "@measure-plantain/flux-runtime";
import type { Manifest } from "@measure-plantain/probe";
import type { Summary } from "@measure-plantain/report";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, fewBlocks, givenReference, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const [, folder = ""] = fewBlocks;
const small = [
  ...["--prompts", "few.json", "--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet"],
  ...[...fewBlocks, ...givenReference],
];
const adapter = ["--lora", "style.safetensors:0.5"];
const read = (...path: readonly string[]): Buffer => readFileSync(place.path(...path));
const manifest = (run: string): Manifest => JSON.parse(read(run, "manifest.json").toString()) as Manifest; // what the command wrote
const captures = (run: string): string => read(run, "captures.safetensors").toString("hex");

/** A random adapter of every attention's projections, as diffusers names them. */
async function writeAdapter(name: string, seed: number): Promise<void> {
  const { tensors } = await readSafetensorsHeader(
    join(folder, "transformer/diffusion_pytorch_model.safetensors"),
  );
  const generator = createTorchGenerator(seed);
  const adapters = [...tensors].flatMap(([weight, { shape }]): TensorToWrite[] => {
    const [out = 0, columns = 0] = shape;
    if (shape.length !== 2 || !weight.includes(".attn.")) return [];
    const module = `transformer.${weight.slice(0, -".weight".length)}`;
    return [
      { name: `${module}.lora_A.weight`, ...generator.randn([2, columns]) },
      { name: `${module}.lora_B.weight`, ...generator.randn([out, 2]) },
    ];
  });
  await writeSafetensors(place.path(name), adapters);
}

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson());
  await writeAdapter("style.safetensors", 1);
  await writeAdapter("other.safetensors", 2);
  const controls = ["--control", "base", "planted"];
  const { exitCode, stderr } = await place.run("run", ...small, ...adapter, ...controls, "--out", "run");
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});
afterAll(() => {
  place.remove();
});

it("a run with an adapter names it, and its control base captures what a run without it does", async () => {
  expect((await place.run("run", ...small, "--out", "plain")).exitCode).toBe(0);
  expect(captures("run/controls/base")).toBe(captures("plain"));
  expect(captures("run")).not.toBe(captures("plain"));
  const { checkpoint } = manifest("run").settings;
  expect(checkpoint).toMatchObject({
    id: `${folder} with LoRA style.safetensors × 0.5`,
    source: { checkpoint: folder, loras: [{ file: "style.safetensors", scale: 0.5 }] },
  });
  expect(checkpoint.files.at(-1)?.file).toBe("loras/0/adapter_model.safetensors");
  const { change, files } = manifest("run/controls/base").settings.checkpoint;
  expect(change).toEqual({ kind: "base", seed: 0, of: checkpoint.id });
  expect(files).toEqual(manifest("plain").settings.checkpoint.files);
  expect((await place.run("verify", "run")).exitCode).toBe(0);
});

it("the report names the adapter, and says what the control shows", () => {
  const summary = JSON.parse(read("run", "summary.json").toString()) as Summary; // what the command wrote
  expect(summary.controls.map(({ name, kind }) => [name, kind])).toEqual([
    ["base", "base"],
    ["planted-1", "changed-weights"],
  ]);
  for (const page of ["summary.md", "report.html"]) {
    const text = read("run", page).toString();
    expect(text).toMatch(/LoRA style\.safetensors × 0\.5/);
    expect(text).toMatch(/Without its adapters, .* groups? over .* the difference of both contrasts/);
  }
  expect(read("run", "summary.md").toString()).toContain(
    `--checkpoint ${folder} --lora style.safetensors:0.5 --control base planted:1 --prompts few.json`,
  );
});

it("is continued with the same adapter and scale only", async () => {
  const before = manifest("run");
  expect(await place.run("run", ...small, ...adapter, "--out", "run")).toMatchObject({
    exitCode: 0,
    stderr: "",
  });
  expect(manifest("run")).toEqual(before);
  const refused = async (...loras: readonly string[]): Promise<string> => {
    const { exitCode, stderr } = await place.run("run", ...small, ...loras, "--out", "run");
    expect(exitCode).toBe(2);
    return stderr;
  };
  expect(await refused()).toMatch(/other settings.*checkpoint\.source/s);
  expect(await refused("--lora", "style.safetensors:0.25")).toMatch(/loras\.0\.scale: 0\.5 there, 0\.25 now/);
  copyFileSync(place.path("style.safetensors"), place.path("kept.safetensors"));
  copyFileSync(place.path("other.safetensors"), place.path("style.safetensors")); // the same header
  expect(await refused(...adapter)).toMatch(/checkpoint\.files\.\d+\.headerSha256/);
  renameSync(place.path("kept.safetensors"), place.path("style.safetensors"));
});

it("ablate finds the adapter again, for the run and its controls, and refuses another scale", async () => {
  const few = ["--rank-by", "all", "--top", "1", "--random", "1", "--pairs", "1", "--quiet"];
  for (const run of ["run", "run/controls/base", "run/controls/planted-1"]) {
    expect(await place.run("ablate", run, ...few)).toMatchObject({ exitCode: 0, stderr: "" });
  }
  copyFileSync(place.path("style.safetensors"), place.path("moved.safetensors"));
  const next = ["ablate", "run", ...few.with(3, "2")];
  const other = await place.run(...next, "--lora", "moved.safetensors:1");
  expect(other.stderr).toMatch(/scale of LoRA 1: 0\.5 there, 1 now/);
  expect(other.exitCode).toBe(2);
  expect(await place.run(...next, "--lora", "moved.safetensors:.5")).toMatchObject({
    exitCode: 0,
    stderr: "",
  });
});

it("a plan fixes the adapter, and base needs one", async () => {
  const planned = ["--out", "plan.json", "--control", "base"];
  const without = small.filter((word) => word !== "--quiet");
  expect((await place.run("plan", ...without, "--quiet", ...adapter, ...planned)).exitCode).toBe(0);
  expect(JSON.parse(read("plan.json").toString())).toMatchObject({
    sources: { loras: [{ file: "style.safetensors", scale: 0.5 }] },
    controls: [{ name: "base", change: { kind: "base", seed: 0 } }],
  });
  const run = ["run", "--plan", "plan.json", ...givenReference, "--quiet", "--out", "followed"];
  const departing = await place.run(...run, "--lora", "style.safetensors");
  expect(departing.stderr).toMatch(/departs from its plan.*scale/s);
  expect(departing.exitCode).toBe(2);
  expect(await place.run(...run)).toMatchObject({ exitCode: 0, stderr: "" });
  expect(captures("followed")).toBe(captures("run"));
  expect((await place.run("verify", "followed")).exitCode).toBe(0);
  for (const command of ["plan", "run"]) {
    const bare = await place.run(command, ...small, "--control", "base", "--out", "bare");
    expect(bare.stderr).toMatch(/base is the checkpoint without its adapters, but the run has none.*--lora/);
    expect(bare.exitCode).toBe(2);
  }
});

it("generate takes adapters with their scales", async () => {
  const render = async (out: string, ...loras: readonly string[]): Promise<string> => {
    const size = ["--width", "64", "--height", "64", "--steps", "1", "--max-sequence-length", "48"];
    const words = ["--prompt", "an object", ...size, ...fewBlocks, ...loras, "--quiet", "--out", out];
    expect(await place.run("generate", ...words)).toMatchObject({ exitCode: 0, stderr: "" });
    return read(out).toString("hex");
  };
  const without = await render("none.png", "--lora", "style.safetensors:0", "--lora", "other.safetensors:-0");
  const both = await render("both.png", "--lora", "style.safetensors", "--lora", "other.safetensors:-0.5");
  expect(both).not.toBe(without);
  const missing = await place.run(
    "generate",
    "--prompt",
    "x",
    "--lora",
    "none.safetensors",
    "--out",
    "x.png",
  );
  expect(missing.stderr).toMatch(/There is no adapter .*none\.safetensors/);
  expect(missing.exitCode).toBe(2);
});
