import { describe, expect, it } from "vitest";
import { listMissingFiles, selectNeededFiles } from "./needed-files.ts";

const needed = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "text_encoder/model-00001-of-00002.safetensors",
  "text_encoder/model-00002-of-00002.safetensors",
  "text_encoder/model.safetensors.index.json",
  "tokenizer/chat_template.jinja",
  "tokenizer/merges.txt",
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  "transformer/config.json",
  "transformer/diffusion_pytorch_model.safetensors",
  "vae/config.json",
  "vae/diffusion_pytorch_model.safetensors",
];
const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const readIndex = (): Promise<string[]> => Promise.resolve(shards);

describe("selectNeededFiles", () => {
  it("leaves out other formats, other precisions, doubles and images", () => {
    const others = [
      ".gitattributes",
      "README.md",
      "flux-2-klein-base-4b.safetensors",
      "teaser.png",
      "text_encoder/generation_config.json",
      "text_encoder/pytorch_model.bin",
      "transformer/diffusion_pytorch_model.fp16.safetensors",
      "transformer/diffusion_pytorch_model-00001-of-00002.safetensors",
      "transformer/diffusion_pytorch_model.safetensors.index.json",
      "tokenizer/../../outside.json",
      "other/config.json",
    ];
    expect(selectNeededFiles([...others, ...needed])).toEqual(needed);
  });

  it("leaves out the weights of models that were given, and keeps their configurations", async () => {
    const some = selectNeededFiles(needed, { models: ["vae"] });
    expect(needed.filter((path) => !some.includes(path))).toEqual([
      "text_encoder/model-00001-of-00002.safetensors",
      "text_encoder/model-00002-of-00002.safetensors",
      "text_encoder/model.safetensors.index.json",
      "transformer/diffusion_pytorch_model.safetensors",
    ]);
    expect(await listMissingFiles(some, readIndex, { models: ["vae"] })).toEqual([]);
    expect(await listMissingFiles(some, readIndex)).toEqual([
      "text_encoder/*.safetensors",
      "transformer/*.safetensors",
    ]);
  });

  it("gives what a checkpoint can be opened from", async () => {
    expect(await listMissingFiles(selectNeededFiles(needed), readIndex)).toEqual([]);
  });
});

describe("listMissingFiles", () => {
  it.each([
    ["a configuration", "vae/config.json", ["vae/config.json"]],
    ["the weights of a model", "vae/diffusion_pytorch_model.safetensors", ["vae/*.safetensors"]],
    ["a shard", `text_encoder/${shards[1] ?? ""}`, [`text_encoder/${shards[1] ?? ""}`]],
  ])("names %s", async (_, file, missing) => {
    const paths = needed.filter((path) => path !== file);
    expect(await listMissingFiles(paths, readIndex)).toEqual(missing);
  });
});
