import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../src/checkpoint/open-checkpoint.ts";
import type { LoraChoice } from "../src/lora/lora.ts";
import { drawNoise } from "../src/pipeline/draw-noise.ts";
import { buildTransformerModel, openTransformer } from "../src/pipeline/open-transformer.ts";
import { createTorchGenerator } from "../src/sampling/torch-generator.ts";
import { getCheckpointSpec } from "../src/synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../src/synthesis/synthesize-checkpoint.ts";
import type { Tensor } from "../src/tensor.ts";
import { deviation } from "./klein-tiny.ts";
import {
  drawAdapter,
  toNative,
  writeAdapter,
  writeFolded,
  writePeftFolder,
  type Adapter,
} from "./lora-files.ts";

const RANK = 4;
const ALPHA = 3;

let folder: string;
let base: Checkpoint;
let adapter: Adapter;

const open = (loras: readonly LoraChoice[]): Promise<Checkpoint> => openCheckpoint(base.folder, { loras });

async function velocityOf(checkpoint: Checkpoint): Promise<Tensor> {
  const transformer = await openTransformer(checkpoint);
  const promptEmbeds = createTorchGenerator(1).randn([
    1,
    5,
    checkpoint.transformer.config.joint_attention_dim,
  ]);
  const latents = drawNoise(checkpoint, { seed: 0, size: { height: 2, width: 3 } });
  const { velocity } = await transformer.predict({ latents, promptEmbeds, timestep: 800 });
  await transformer.close();
  return velocity;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lora-"));
  const tiny = getCheckpointSpec("tiny");
  const transformer = { ...tiny.transformer, jointBlocks: 2, singleBlocks: 2, heads: 2 };
  const textEncoder = { ...tiny.textEncoder, layers: 3 };
  await synthesizeCheckpoint(join(folder, "base"), { ...tiny, transformer, textEncoder });
  base = await openCheckpoint(join(folder, "base"));
  adapter = drawAdapter(base, 7, RANK);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The same adapter in each naming. */
async function writeAll(): Promise<Record<string, string>> {
  const native = toNative(adapter);
  const diffusers = { down: "lora_A", up: "lora_B", alpha: ALPHA };
  const kohya = { down: "lora_down", up: "lora_up", alpha: ALPHA };
  return {
    "diffusers, with prefix": await writeAdapter(join(folder, "prefixed.safetensors"), adapter, {
      ...diffusers,
      module: (path) => `transformer.${path}`,
    }),
    "diffusers, without": await writeAdapter(join(folder, "bare.safetensors"), adapter, {
      ...diffusers,
      module: (path) => path,
    }),
    "diffusers, alpha in the header": await writeAdapter(join(folder, "header.safetensors"), adapter, {
      down: "lora_A",
      up: "lora_B",
      module: (path) => `transformer.${path}`,
      metadata: {
        lora_adapter_metadata: JSON.stringify({ "transformer.r": RANK, "transformer.lora_alpha": ALPHA }),
      },
    }),
    PEFT: await writePeftFolder(join(folder, "peft"), adapter, {
      peft_type: "LORA",
      r: RANK,
      lora_alpha: ALPHA,
    }),
    Kohya: await writeAdapter(join(folder, "kohya.safetensors"), native, {
      ...kohya,
      module: (path) => `lora_unet_${path.replaceAll(".", "_")}`,
    }),
    "Kohya, of diffusers' layers": await writeAdapter(join(folder, "onetrainer.safetensors"), adapter, {
      ...kohya,
      module: (path) => `lora_transformer_${path.replaceAll(".", "_")}`,
    }),
    "Black Forest Labs": await writeAdapter(join(folder, "native.safetensors"), native, {
      ...diffusers,
      module: (path) => `diffusion_model.${path}`,
    }),
  };
}

describe("openCheckpoint(folder, { loras })", () => {
  it("computes what weights give that the adapter was folded into, in every naming the same bits", async () => {
    const file = join(folder, "folded.safetensors");
    await writeFolded(base, file, [{ adapter, factor: (0.8 * ALPHA) / RANK }]);
    const expected = await velocityOf(await openCheckpoint(base.folder, { transformer: file }));
    const files = await writeAll();
    const velocities = new Map<string, Tensor>();
    for (const [naming, path] of Object.entries(files)) {
      velocities.set(naming, await velocityOf(await open([{ file: path, scale: 0.8 }])));
    }
    const [first] = velocities.values();
    if (first === undefined) throw new Error("seven files in, seven velocities out");
    expect(deviation(first, expected)).toBeLessThan(1e-5);
    expect(deviation(await velocityOf(base), expected)).toBeGreaterThan(0.05);
    for (const [naming, velocity] of velocities) expect(velocity, naming).toEqual(first);
  });

  it("adds several adapters up, each with its scale", async () => {
    const second = drawAdapter(base, 8, 2);
    const files = [join(folder, "first.safetensors"), join(folder, "second.safetensors")] as const;
    const naming = { module: (path: string) => path, down: "lora_A", up: "lora_B" };
    await writeAdapter(files[0], adapter, { ...naming, alpha: ALPHA });
    await writeAdapter(files[1], second, naming); // without an alpha: 1 times the product
    const file = join(folder, "both.safetensors");
    await writeFolded(base, file, [
      { adapter, factor: (0.5 * ALPHA) / RANK },
      { adapter: second, factor: -0.7 },
    ]);
    const expected = await velocityOf(await openCheckpoint(base.folder, { transformer: file }));
    const opened = await open([
      { file: files[0], scale: 0.5 },
      { file: files[1], scale: -0.7 },
    ]);
    expect(opened.loras.map((lora) => [lora.file, lora.scale])).toEqual([
      [files[0], 0.5],
      [files[1], -0.7],
    ]);
    expect(deviation(await velocityOf(opened), expected)).toBeLessThan(1e-5);
  });

  it("leaves the graph byte for byte as it is at a scale of 0", async () => {
    const { PEFT: file = "" } = await writeAll();
    const model = await buildTransformerModel(base);
    expect(await buildTransformerModel(await open([{ file, scale: 0 }]))).toEqual(model);
    expect(await buildTransformerModel(await open([{ file }]))).not.toEqual(model);
  });
});
