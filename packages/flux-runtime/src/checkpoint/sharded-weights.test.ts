import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWeights } from "./sharded-weights.ts";
import { writeSafetensors } from "./write-safetensors.ts";

const checkpoint = fileURLToPath(new URL("../../test/fixtures/klein-tiny/checkpoint", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sharded-weights-"));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (file: string, ...names: string[]): Promise<void> =>
  writeSafetensors(
    join(folder, file),
    names.map((name) => ({ name, shape: [1], data: Float32Array.of(1) })),
  );
const writeIndex = (weightMap: Record<string, string>): Promise<void> =>
  writeFile(
    join(folder, "model.safetensors.index.json"),
    JSON.stringify({ metadata: {}, weight_map: weightMap }),
  );

describe("openWeights(folder)", () => {
  it("finds weights in one file", async () => {
    const weights = await openWeights(join(checkpoint, "transformer"));
    const entry = weights.get("x_embedder.weight");
    expect(entry).toMatchObject({ dtype: "BF16", shape: [64, 16], byteLength: 64 * 16 * 2 });
    expect(entry?.file).toBe(resolve(checkpoint, "transformer/diffusion_pytorch_model.safetensors"));
  });

  it("finds weights in shards, each with the file it is in", async () => {
    const weights = await openWeights(join(checkpoint, "text_encoder"));
    const files = new Set([...weights.values()].map(({ file }) => file));
    expect([...files].sort()).toEqual(
      [1, 2].map((shard) => resolve(checkpoint, `text_encoder/model-0000${shard}-of-00002.safetensors`)),
    );
    expect(weights.has("model.embed_tokens.weight")).toBe(true);
  });

  it("takes tensors that a shard holds and the index does not list", async () => {
    await write("model-1.safetensors", "a", "extra");
    await writeIndex({ a: "model-1.safetensors" });
    expect([...(await openWeights(folder)).keys()]).toEqual(["a", "extra"]);
  });

  it("takes the single file where both layouts are there", async () => {
    await write("model.safetensors", "single");
    await writeIndex({ a: "model-1.safetensors" });
    expect([...(await openWeights(folder)).keys()]).toEqual(["single"]);
  });

  it("looks for the given base names only", async () => {
    await write("custom.safetensors", "a");
    expect((await openWeights(folder, { baseNames: ["custom"] })).size).toBe(1);
    await expect(openWeights(folder)).rejects.toThrow(/found custom.safetensors/);
  });

  it("refuses a folder without weights, saying what it expected and found", async () => {
    const failure = openWeights(folder);
    await expect(failure).rejects.toMatchObject({ code: "missing-weights" });
    await expect(failure).rejects.toThrow(
      /expected diffusion_pytorch_model.safetensors or .* no .safetensors file/,
    );
  });

  it("refuses a folder that does not exist", async () => {
    await expect(openWeights(join(folder, "none"))).rejects.toMatchObject({ code: "missing-weights" });
  });

  it("names a missing shard and what should be in it", async () => {
    await write("model-1.safetensors", "a");
    await write("model-2.safetensors", "b");
    await writeIndex({ a: "model-1.safetensors", b: "model-2.safetensors" });
    await unlink(join(folder, "model-2.safetensors"));
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: "missing-weights",
      message: expect.stringMatching(/"model-2.safetensors" is missing .* 1 tensors in it, "b"/) as string,
      details: { shard: "model-2.safetensors", tensors: ["b"] },
    });
  });

  it("refuses an index that leads out of its folder", async () => {
    await writeIndex({ a: "../model-1.safetensors" });
    await expect(openWeights(folder)).rejects.toMatchObject({ code: "missing-weights" });
  });

  it("names a tensor that the index promises and its shard lacks", async () => {
    await write("model-1.safetensors", "a");
    await write("model-2.safetensors", "b");
    await writeIndex({ a: "model-1.safetensors", b: "model-2.safetensors", c: "model-2.safetensors" });
    const failure = openWeights(folder);
    await expect(failure).rejects.toMatchObject({ code: "inconsistent-weights", details: { tensor: "c" } });
    await expect(failure).rejects.toThrow(/"c" in model-2.safetensors, but it is in none of the shards/);
  });

  it("names a tensor that is in another shard than promised", async () => {
    await write("model-1.safetensors", "a", "b");
    await write("model-2.safetensors", "c");
    await writeIndex({ a: "model-1.safetensors", b: "model-2.safetensors" });
    await expect(openWeights(folder)).rejects.toThrow(/"b" in model-2.safetensors, but it is in model-1/);
  });

  it("names a tensor that is in two shards", async () => {
    await write("model-1.safetensors", "a", "b");
    await write("model-2.safetensors", "b");
    await writeIndex({ a: "model-1.safetensors", b: "model-2.safetensors" });
    const failure = openWeights(folder);
    await expect(failure).rejects.toMatchObject({ code: "inconsistent-weights" });
    await expect(failure).rejects.toThrow(
      /"b" is in two shards .* model-1.safetensors and model-2.safetensors/,
    );
  });

  it("refuses an index that is no JSON, or has no weight_map", async () => {
    await writeFile(join(folder, "model.safetensors.index.json"), "{");
    await expect(openWeights(folder)).rejects.toMatchObject({ code: "invalid-config" });
    await writeFile(join(folder, "model.safetensors.index.json"), "{}");
    await expect(openWeights(folder)).rejects.toThrow(/weight_map/);
  });
});
