import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kleinTiny } from "../../test/klein-tiny.ts";
import { autoencoderConfigSchema } from "../models/autoencoder-config.ts";
import { textEncoderConfigSchema } from "../models/text-encoder-config.ts";
import { buildTransformer } from "../models/transformer.ts";
import { openModelSession } from "../session/model-session.ts";
import { openCheckpoint } from "./open-checkpoint.ts";
import { readConfig } from "./read-config.ts";

let root: string;
let folder: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "checkpoint-")));
  folder = join(root, "checkpoint");
  await cp(join(kleinTiny, "checkpoint"), folder, { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

async function editJson(file: string, edit: (json: Record<string, unknown>) => void): Promise<void> {
  const json = JSON.parse(await readFile(join(folder, file), "utf8")) as Record<string, unknown>; // the fixture's objects
  edit(json);
  await writeFile(join(folder, file), JSON.stringify(json));
}

it("opens configurations and weights without reading a weight", async () => {
  const { transformer, textEncoder, isDistilled } = await openCheckpoint(folder);
  expect(transformer.config).toMatchObject({ num_layers: 5, num_single_layers: 20, rope_theta: 2_000 });
  expect(textEncoder.weights.locate("model.layers.29.mlp.up_proj.weight", [64, 32]).location).toBe(
    "model-00002-of-00002.safetensors",
  );
  expect(isDistilled).toBe(false);
});

describe("takes the text encoder's rotary base from where Qwen3Config of transformers 5 takes it:", () => {
  const plain = { rope_type: "default" };
  it.each([
    [{ rope_theta: 5_000 }, 5_000],
    [{ rope_theta: 5_000, rope_scaling: null }, 5_000],
    [{ rope_theta: 5_000, rope_scaling: plain }, 5_000],
    [{ rope_theta: 5_000, rope_scaling: { type: "default" } }, 5_000],
    [{ rope_theta: 5_000, rope_parameters: null }, 5_000],
    [{ rope_theta: 5_000, rope_parameters: {} }, 5_000],
    [{ rope_theta: 5_000, rope_parameters: plain }, 5_000],
    [{ rope_theta: 5_000, rope_parameters: { ...plain, rope_theta: 7_000 } }, 7_000],
    [{ rope_parameters: { rope_theta: 7_000 } }, 7_000],
    [{ rope_parameters: { rope_theta: 7_000 }, rope_scaling: {} }, 7_000],
    [{ rope_theta: 5_000, rope_parameters: { rope_theta: 7_000 }, rope_scaling: plain }, 5_000],
    [{ rope_parameters: { rope_theta: 7_000 }, rope_scaling: { ...plain, rope_theta: 6_000 } }, 6_000],
    [{}, 10_000],
  ])("%j gives %d", async (rotary, theta) => {
    await editJson("text_encoder/config.json", (config) => {
      delete config["rope_parameters"];
      Object.assign(config, rotary);
    });
    expect((await openCheckpoint(folder)).textEncoder.config.rope_theta).toBe(theta);
  });

  it.each([
    { rope_parameters: { rope_type: "yarn", rope_theta: 5_000, factor: 4 } },
    { rope_parameters: { type: "yarn", rope_theta: 5_000, factor: 4 } },
    { rope_scaling: { rope_type: "linear", factor: 2 } },
    { rope_parameters: { full_attention: { rope_type: "default", rope_theta: 5_000 } } },
  ])("%j, another embedding, is refused", async (rotary) => {
    await editJson("text_encoder/config.json", (config) => Object.assign(config, rotary));
    await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: "invalid-config" });
  });
});

it("a text encoder whose key and value heads are null has as many as query heads", async () => {
  await editJson("text_encoder/config.json", (config) => (config["num_key_value_heads"] = null));
  const path = join(folder, "text_encoder/config.json");
  const { num_attention_heads, num_key_value_heads } = await readConfig(path, textEncoderConfigSchema);
  expect(num_key_value_heads).toBe(num_attention_heads);
});

it("an autoencoder that does not tell its blocks has those of FLUX.2", async () => {
  await editJson("vae/config.json", (config) => {
    delete config["block_out_channels"];
    delete config["decoder_block_out_channels"];
    delete config["down_block_types"];
    delete config["up_block_types"];
  });
  const config = await readConfig(join(folder, "vae/config.json"), autoencoderConfigSchema);
  expect(config.block_out_channels).toEqual([128, 256, 512, 512]);
  expect(config.decoder_block_out_channels).toEqual([128, 256, 512, 512]);
});

it("weights behind links, as a Hugging Face cache holds them, load from where they really lie", async () => {
  const blobs = join(root, "blobs");
  await mkdir(blobs);
  for (const [index, file] of (await readdir(join(folder, "transformer"))).entries()) {
    const link = join(folder, "transformer", file);
    await rename(link, join(blobs, `blob${index}`));
    await symlink(join("..", "..", "blobs", `blob${index}`), link);
  }
  const { config, weights } = (await openCheckpoint(folder)).transformer;
  expect(weights.externalDataFolder).toBe(blobs);
  const model = buildTransformer(config, { weights, computeType: "float32" }).serialize();
  const session = await openModelSession(model, weights.externalDataFolder);
  await session.close();
});

describe("refuses", () => {
  const cases: readonly [what: string, spoil: () => Promise<void>, message: RegExp][] = [
    [
      "a folder without model_index.json",
      () => rm(join(folder, "model_index.json")),
      /no checkpoint in the Hugging Face layout.*scheduler/s,
    ],
    [
      "a pipeline of another class",
      () => editJson("model_index.json", (index) => (index["_class_name"] = "StableDiffusionPipeline")),
      /model_index\.json is a StableDiffusionPipeline; expected one of Flux2KleinPipeline, /,
    ],
    [
      "a text encoder of another class",
      () =>
        editJson("text_encoder/config.json", (config) => (config["architectures"] = ["LlamaForCausalLM"])),
      /text_encoder.config\.json is a LlamaForCausalLM; expected Qwen3ForCausalLM/,
    ],
    [
      "a configuration field of the wrong kind, by name",
      () => editJson("transformer/config.json", (config) => (config["num_attention_heads"] = "two")),
      /transformer.config\.json is not as expected.*num_attention_heads/s,
    ],
    [
      "rotary axes that do not fill a head",
      () => editJson("transformer/config.json", (config) => (config["axes_dims_rope"] = [8, 8, 8, 10])),
      /axes' sizes must add up to attention_head_dim/,
    ],
    [
      "a transformer that does not take the encoder's embeddings",
      () => editJson("transformer/config.json", (config) => (config["joint_attention_dim"] = 100)),
      /expected 96, received 100 \(joint_attention_dim\)/,
    ],
    [
      "a configuration that is no JSON",
      () => writeFile(join(folder, "vae/config.json"), "{"),
      /vae.config\.json is not valid JSON/,
    ],
    [
      "a missing shard, by name",
      () => rm(join(folder, "text_encoder/model-00002-of-00002.safetensors")),
      /model-00002-of-00002\.safetensors" is missing/,
    ],
    [
      "a truncated weight file",
      () => truncate(join(folder, "transformer/diffusion_pytorch_model.safetensors"), 1_000_000),
      /diffusion_pytorch_model\.safetensors.*1000000/s,
    ],
  ];
  it.each(cases)("%s", async (_, spoil, message) => {
    await spoil();
    await expect(openCheckpoint(folder)).rejects.toThrow(message);
  });
});
