import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import { editCheckpoint } from "../src/checkpoint/edit-checkpoint.ts";
import { encodeBfloat16 } from "../src/checkpoint/half-precision.ts";
import { openCheckpoint } from "../src/checkpoint/open-checkpoint.ts";
import { readTensors } from "../src/checkpoint/read-safetensors.ts";
import { writeSafetensors, type TensorToWrite } from "../src/checkpoint/write-safetensors.ts";
import { drawNoise } from "../src/pipeline/draw-noise.ts";
import { decodeLatents, encodeImages } from "../src/pipeline/image-latents.ts";
import { openTransformer } from "../src/pipeline/open-transformer.ts";
import { createTorchGenerator } from "../src/sampling/torch-generator.ts";
import { randomizeCheckpoint } from "../src/synthesis/randomize-checkpoint.ts";
import type { Tensor } from "../src/tensor.ts";
import { kleinTiny, openKleinTiny } from "./klein-tiny.ts";
import { readAll, toNativeAutoencoder, toNativeTransformer } from "./native-layout.ts";

let folder: string;
let original: Checkpoint;
let singleFiles: Record<"transformer" | "textEncoder" | "autoencoder", string>;

/** Writes tensors that are bfloat16 in the fixture, and stay so. */
async function write(name: string, tensors: ReadonlyMap<string, Tensor>): Promise<string> {
  const path = join(folder, name);
  const stored = [...tensors].map(([own, { data, shape }]): TensorToWrite => {
    return { name: own, shape, dtype: "BF16", data: encodeBfloat16(data) };
  });
  await writeSafetensors(path, stored);
  return path;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "single-file-"));
  original = await openKleinTiny();
  const { transformer, autoencoder, textEncoder } = original;
  const upBlocks = autoencoder.config.decoder_block_out_channels.length;
  singleFiles = {
    transformer: await write(
      "flux-2-klein.safetensors",
      toNativeTransformer(await readAll(transformer.weights), "model.diffusion_model."),
    ),
    textEncoder: await write("qwen.safetensors", await readAll(textEncoder.weights)),
    autoencoder: await write(
      "flux2-vae.safetensors",
      toNativeAutoencoder(await readAll(autoencoder.weights), upBlocks),
    ),
  };
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("openCheckpoint(folder, { transformer, textEncoder, autoencoder })", () => {
  const open = (options: Partial<typeof singleFiles>): Promise<Checkpoint> =>
    openCheckpoint(join(kleinTiny, "checkpoint"), options);

  async function velocity(checkpoint: Checkpoint): Promise<Float32Array> {
    const transformer = await openTransformer(checkpoint);
    const channels = checkpoint.transformer.config.joint_attention_dim;
    const promptEmbeds = createTorchGenerator(1).randn([1, 5, channels]);
    const latents = drawNoise(checkpoint, { seed: 0, size: { height: 2, width: 3 } });
    const result = await transformer.predict({ latents, promptEmbeds, timestep: 800 });
    await transformer.close();
    return result.velocity.data;
  }

  it("takes single files of the makers' layout, which compute the same bits", async () => {
    const opened = await open(singleFiles);
    expect([...opened.transformer.weights.tensors.keys()].sort()).toEqual(
      [...original.transformer.weights.tensors.keys()].sort(),
    );
    expect(await velocity(opened)).toEqual(await velocity(original));
    const image = createTorchGenerator(2).randn([1, 3, 32, 32]);
    const [there] = await encodeImages(opened, [image]);
    const [here] = await encodeImages(original, [image]);
    expect(there).toEqual(here);
    if (there === undefined) throw new Error("one image in, one out");
    expect(await decodeLatents(opened, there)).toEqual(await decodeLatents(original, there));
  });

  it("takes a folder, with the configuration in it", async () => {
    const own = join(kleinTiny, "checkpoint", "transformer");
    const opened = await open({ transformer: own });
    expect(opened.transformer.config).toEqual(original.transformer.config);
    expect(opened.transformer.weights.folder).toBe(own);
  });

  it("is copied with some weights changed: parts of fused tensors, exchanged halves, and nothing else", async () => {
    const names = [
      "transformer_blocks.0.attn.to_k.weight",
      "transformer_blocks.0.attn.to_v.weight",
      "single_transformer_blocks.3.attn.to_out.weight",
      "norm_out.linear.weight",
    ];
    const ramp = ({ data }: Tensor): Float32Array => data.map((value, place) => value + place / data.length);
    const edits = { transformer: new Map(names.map((name) => [name, ramp])) };
    const [ofFiles, ofFolder] = [join(folder, "edited-files"), join(folder, "edited-folder")];
    await editCheckpoint(await open(singleFiles), ofFiles, edits);
    await editCheckpoint(original, ofFolder, edits);
    const expected = await velocity(await openCheckpoint(ofFolder));
    expect(await velocity(await openCheckpoint(ofFiles))).toEqual(expected);
    expect(expected).not.toEqual(await velocity(original));
    const encoder = await readTensors(join(ofFiles, "text_encoder/model.safetensors"));
    expect(encoder).toEqual(await readTensors(singleFiles.textEncoder));
  });

  it("gives random weights of the same shape their configurations", async () => {
    const random = join(folder, "random");
    const own = join(folder, "own");
    cpSync(join(kleinTiny, "checkpoint/transformer"), own, { recursive: true });
    const config = JSON.parse(readFileSync(join(own, "config.json"), "utf8")) as Record<string, unknown>;
    writeFileSync(join(own, "config.json"), JSON.stringify({ ...config, note: "its own" }));
    await randomizeCheckpoint(await open({ ...singleFiles, transformer: own }), random);
    const { hasRandomWeights, transformer } = await openCheckpoint(random);
    expect(hasRandomWeights).toBe(true);
    expect(readFileSync(transformer.configFile, "utf8")).toContain("its own");
  });

  it("names what a file lacks, and where it was looked for", async () => {
    const tensors = toNativeTransformer(await readAll(original.transformer.weights), "");
    tensors.delete("double_blocks.0.txt_attn.qkv.weight");
    const cut = await write("cut.safetensors", tensors);
    await expect(open({ transformer: cut })).rejects.toThrow(
      /cut\.safetensors.*lacks 3 of the .*transformer_blocks\.0\.attn\.add_k_proj\.weight/s,
    );
    await expect(open({ autoencoder: singleFiles.transformer })).rejects.toThrow(/flux-2-klein\.safetensors/);
    await expect(open({ textEncoder: join(folder, "none.safetensors") })).rejects.toThrow(
      /none\.safetensors/,
    );
  });
});
