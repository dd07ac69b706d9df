import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import { openCheckpoint } from "../checkpoint/open-checkpoint.ts";
import { readTensors } from "../checkpoint/read-safetensors.ts";
import { markName } from "../disk/process-mark.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { checkpointConfigs } from "./checkpoint-configs.ts";
import { getCheckpointSpec } from "./checkpoint-spec.ts";
import { randomizeCheckpoint } from "./randomize-checkpoint.ts";
import { requiredComponents } from "./required-components.ts";
import { synthesizeCheckpoint } from "./synthesize-checkpoint.ts";
import { textEncoderConfigSchema } from "../models/text-encoder-config.ts";
import { transformerConfigSchema } from "../models/transformer-config.ts";
import { autoencoderConfigSchema } from "../models/autoencoder-config.ts";
import { editCheckpoint } from "../checkpoint/edit-checkpoint.ts";
import { RANDOM_WEIGHTS_MARK } from "../checkpoint/random-weights-mark.ts";
import { readSafetensorsHeader } from "../checkpoint/safetensors-header.ts";
import { elementCount, type Tensor } from "../tensor.ts";

const tiny = getCheckpointSpec("tiny");
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "synthesis-"));
  await synthesizeCheckpoint(join(root, "first"), tiny, { seed: 3 });
});
afterAll(() => rm(root, { recursive: true }));

/** The SHA-256 of every file of a folder, by its path within it. */
async function hashesOf(folder: string): Promise<Map<string, string>> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const read = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [
      path.slice(folder.length),
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    ] as const;
  });
  return new Map(await Promise.all(read));
}

describe("synthesizeCheckpoint(folder, spec)", () => {
  it("writes a checkpoint that opens, sharded as asked", async () => {
    const { transformer, hasRandomWeights } = await openCheckpoint(join(root, "first"));
    expect(hasRandomWeights).toBe(true);
    expect(transformer.config).toMatchObject({ num_layers: 5, num_single_layers: 20 });
    const files = new Set([...transformer.weights.tensors.values()].map(({ file }) => file));
    expect(files.size).toBeGreaterThan(1);
  });

  it("gives the same bytes for the same seed, and other weights for another", async () => {
    await synthesizeCheckpoint(join(root, "again"), tiny, { seed: 3 });
    await synthesizeCheckpoint(join(root, "other"), tiny, { seed: 4 });
    const first = await hashesOf(join(root, "first"));
    expect(await hashesOf(join(root, "again"))).toEqual(first);
    const weights = "/vae/diffusion_pytorch_model.safetensors";
    expect((await hashesOf(join(root, "other"))).get(weights)).not.toEqual(first.get(weights));
  });

  it("draws normal weights of the scale that keeps signals alive", async () => {
    const tensors = await readTensors(join(root, "first/vae/diffusion_pytorch_model.safetensors"));
    const weight = tensors.get("encoder.mid_block.resnets.0.conv1.weight");
    const values = [...(weight?.data ?? [])];
    const fanIn = elementCount(weight?.shape.slice(1) ?? []);
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(variance * fanIn).toBeGreaterThan(0.9);
    expect(variance * fanIn).toBeLessThan(1.1);
  });

  it("its tokenizer turns any text into tokens and pads with its end-of-text token", async () => {
    const tokenizer = await createTokenizer(join(root, "first/tokenizer"));
    const { tokenCount, inputIds } = tokenizer.encode("a 5-µm object — 物体 🧊", { maxSequenceLength: 64 });
    expect(tokenCount).toBeGreaterThan(10);
    expect(new Set(inputIds.slice(tokenCount)).size).toBe(1);
    expect(tokenizer.chatText("x")).toBe(
      "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    );
  });

  it("refuses a folder that exists, before it draws anything, and leaves nothing next to it", async () => {
    let progress = 0;
    await expect(
      synthesizeCheckpoint(join(root, "first"), tiny, { onProgress: () => (progress += 1) }),
    ).rejects.toMatchObject({ code: "existing-folder" });
    expect(progress).toBe(0);
    expect((await readdir(root)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("removes what a process that was killed left of a checkpoint next to it", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const left = markName(join(root, "klein"), "partial").replace(/\.\d+-/, `.${pid}-`);
    await mkdir(left);
    await synthesizeCheckpoint(join(root, "next"), tiny);
    expect((await readdir(root)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });
});

it("random weights stay marked where some of them are edited", async () => {
  const random = await openCheckpoint(join(root, "first"));
  const edit = new Map([["x_embedder.weight", ({ data }: Tensor) => data.map((value) => 2 * value)]]);
  await editCheckpoint(random, join(root, "edited"), { transformer: edit, metadata: { note: "doubled" } });
  const edited = await openCheckpoint(join(root, "edited"));
  expect(edited.hasRandomWeights).toBe(true);
  const { file } = edited.transformer.weights.tensors.get("x_embedder.weight") ?? { file: "" };
  expect((await readSafetensorsHeader(file)).metadata).toMatchObject({
    ...RANDOM_WEIGHTS_MARK,
    note: "doubled",
  });
});

it("asks for the tensors that a published checkpoint has: the parity checkpoint's, by name and shape", async () => {
  const { textEncoder, transformer, autoencoder } = await openKleinTiny();
  const configs = {
    textEncoder: textEncoder.config,
    transformer: transformer.config,
    autoencoder: autoencoder.config,
  };
  const published = [textEncoder, transformer, autoencoder].map(({ weights }) =>
    [...weights.tensors].map(([name, { shape }]) => `${name} ${shape.join("x")}`).sort(),
  );
  const asked = requiredComponents(configs).map(({ tensors }) =>
    tensors.map(({ name, shape }) => `${name} ${shape.join("x")}`).sort(),
  );
  expect(asked[0]).toEqual(published[0]);
  expect(asked[1]).toEqual(published[1]);
  expect(asked[2]).toEqual(published[2]?.filter((name) => !name.startsWith("bn.num_batches_tracked")));
});

it.each([
  { name: "klein-4b", isDistilled: false, billions: 3.9, gigabytes: [7.7, 7.8] }, // 7.75 GB in bfloat16
  { name: "klein-4b-distilled", isDistilled: true, billions: 3.9, gigabytes: [7.7, 7.8] },
  { name: "klein-9b", isDistilled: false, billions: 9.1, gigabytes: [18.1, 18.2] }, // 18.2 GB
  { name: "klein-9b-distilled", isDistilled: true, billions: 9.1, gigabytes: [18.1, 18.2] },
] as const)("$name has the $billions billion parameters of the published transformer", (published) => {
  const configs = checkpointConfigs(getCheckpointSpec(published.name));
  expect(configs["model_index.json"]).toMatchObject({ is_distilled: published.isDistilled });
  const [, transformer] = requiredComponents({
    textEncoder: textEncoderConfigSchema.parse(configs["text_encoder/config.json"]),
    transformer: transformerConfigSchema.parse(configs["transformer/config.json"]),
    autoencoder: autoencoderConfigSchema.parse(configs["vae/config.json"]),
  });
  const parameters = transformer?.tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0) ?? 0;
  expect(2e-9 * parameters).toBeGreaterThan(published.gigabytes[0]);
  expect(2e-9 * parameters).toBeLessThan(published.gigabytes[1]);
});

it("randomizeCheckpoint keeps configurations and tokenizer and draws every weight anew", async () => {
  const original = await openKleinTiny();
  await randomizeCheckpoint(original, join(root, "randomized"), { seed: 1 });
  const randomized = await openCheckpoint(join(root, "randomized"));
  expect(randomized.transformer.config).toEqual(original.transformer.config);
  expect([original, randomized].map(({ hasRandomWeights }) => hasRandomWeights)).toEqual([false, true]);
  expect((await createTokenizer(randomized.tokenizerFolder)).countTokens("an object")).toBe(
    (await createTokenizer(original.tokenizerFolder)).countTokens("an object"),
  );
  const read = async ({ transformer }: typeof original): Promise<Float32Array | undefined> => {
    const { file } = transformer.weights.locate("x_embedder.weight", [64, 16]);
    return (await readTensors(file)).get("x_embedder.weight")?.data;
  };
  expect(await read(randomized)).not.toEqual(await read(original));
});
