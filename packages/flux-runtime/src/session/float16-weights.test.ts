import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { deviation, kleinTiny, openKleinTiny, readExpected } from "../../test/klein-tiny.ts";
import { encodeBfloat16, encodeFloat16 } from "../checkpoint/half-precision.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { openCheckpoint } from "../checkpoint/open-checkpoint.ts";
import { readTensors } from "../checkpoint/read-safetensors.ts";
import { writeSafetensors } from "../checkpoint/write-safetensors.ts";
import { drawNoise } from "../pipeline/draw-noise.ts";
import { generate, type GenerateOptions } from "../pipeline/generate.ts";
import { openTransformer } from "../pipeline/open-transformer.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "float16-"));
});
afterAll(() => rm(root, { recursive: true }));

/** A copy of klein-tiny with the weights whose names match in float16; the others keep their values in bfloat16. */
async function withFloat16(components: readonly string[], names: RegExp): Promise<Checkpoint> {
  const folder = await mkdtemp(join(root, "checkpoint-"));
  await cp(join(kleinTiny, "checkpoint"), folder, { recursive: true });
  for (const component of components) {
    for (const file of await readdir(join(folder, component))) {
      if (!file.endsWith(".safetensors")) continue;
      const path = join(folder, component, file);
      const tensors = [...(await readTensors(path))].map(([name, { data, shape }]) =>
        names.test(name)
          ? ({ name, shape, data: encodeFloat16(data), dtype: "F16" } as const)
          : ({ name, shape, data: encodeBfloat16(data), dtype: "BF16" } as const),
      );
      await writeSafetensors(path, tensors);
    }
  }
  return openCheckpoint(folder);
}

it.each([
  ["one projection", /^proj_out\.weight$/],
  ["the norms of queries and keys", /norm_(added_)?[qk]\.weight$/],
  ["every weight", /./],
])("a transformer with %s in float16 runs from mapped weights as in bfloat16", async (_, names) => {
  const predict = async (checkpoint: Checkpoint) => {
    const { joint_attention_dim: width } = checkpoint.transformer.config;
    const transformer = await openTransformer(checkpoint, { weights: "mapped" });
    try {
      const latents = drawNoise(checkpoint, { seed: 0, size: { height: 2, width: 3 } });
      const promptEmbeds = { data: new Float32Array(8 * width).fill(0.5), shape: [1, 8, width] };
      return (await transformer.predict({ latents, promptEmbeds, timestep: 700 })).velocity;
    } finally {
      await transformer.close();
    }
  };
  const actual = await predict(await withFloat16(["transformer"], names));
  expect(deviation(actual, await predict(await openKleinTiny()))).toBeLessThan(1e-4);
});

it("a checkpoint that is float16 throughout makes the image that it makes in bfloat16", async () => {
  const options: GenerateOptions = {
    prompt: "a grey object",
    steps: 1,
    guidance: 1,
    seed: 0,
    width: 64,
    height: 64,
    images: [(await readExpected())("vae.input")],
    maxSequenceLength: 32,
  };
  const checkpoint = await withFloat16(["text_encoder", "transformer", "vae"], /./);
  const { image } = await generate(checkpoint, options);
  expect(deviation(image, (await generate(await openKleinTiny(), options)).image)).toBeLessThan(1e-2);
});
