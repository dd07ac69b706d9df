import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  decodeLatents,
  encodeImages,
  generate,
  openCheckpoint,
  readTensors,
  synthesizeCheckpoint,
  writeSafetensors,
  type CheckpointSpec,
  type Tensor,
} from "../src/index.ts";
import { fewBlocks } from "./few-blocks.ts";

const WEIGHTS = "diffusion_pytorch_model.safetensors";

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "members-"));
  folder = join(root, "base");
  await synthesizeCheckpoint(folder, fewBlocks);
});
afterAll(() => rm(root, { recursive: true }));

const options = {
  ...{ prompt: "an object", steps: 1, guidance: 4, seed: 0, width: 32, height: 32 },
  ...{ textEncoderLayers: [1, 2, 3], maxSequenceLength: 32 },
};
/** The float32 weights below take other kernels than the bfloat16 ones. */
function largestDifference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  return a.data.reduce(
    (largest, value, index) => Math.max(largest, Math.abs(value - (b.data[index] ?? NaN))),
    0,
  );
}
/** A grey image, [1, 3, 32, 32]. */
const image = { data: new Float32Array(3 * 32 * 32).fill(0.25), shape: [1, 3, 32, 32] };

describe("a KV model", () => {
  beforeAll(async () => {
    const path = join(folder, "model_index.json");
    const index = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>; // as written above
    delete index["is_distilled"]; // as diffusers writes it for this pipeline
    await writeFile(path, JSON.stringify({ ...index, _class_name: "Flux2KleinKVPipeline" }));
  });

  it("makes an image without references as a distilled model does", async () => {
    const kv = await openCheckpoint(folder);
    const made = await generate(kv, options);
    const distilled = { ...kv, isDistilled: true, cachesReferences: false };
    expect(made.image.data).toEqual((await generate(distilled, options)).image.data);
    const guided = await generate({ ...distilled, isDistilled: false }, options);
    expect(made.image.data).not.toEqual(guided.image.data);
  });

  it("is refused with references, whose passes are others, before a model is loaded", async () => {
    const kv = await openCheckpoint(folder);
    const expected = {
      code: "unsupported-config",
      message: expect.stringContaining("is a KV model, trained so that reference images attend") as string,
    };
    const nowhere = { sessionHost: join(root, "no-host.js") };
    await expect(generate(kv, { ...options, ...nowhere, images: [image] })).rejects.toMatchObject(expected);
    await expect(encodeImages(kv, [image], nowhere)).rejects.toMatchObject(expected);
  });
});

describe("the small decoder, an autoencoder whose decoder has other widths than its encoder", () => {
  const widths = [4, 8, 8, 8];
  const narrow: CheckpointSpec = { ...fewBlocks, autoencoder: { ...fewBlocks.autoencoder, widths } };
  let combined: string;

  beforeAll(async () => {
    await synthesizeCheckpoint(join(root, "narrow"), narrow);
    const read = async (name: string): ReturnType<typeof readTensors> =>
      readTensors(join(root, name, "vae", WEIGHTS));
    const isOfEncoder = (name: string): boolean => /^(encoder|quant_conv)\./.test(name);
    const tensors = [
      ...[...(await read("base"))].filter(([name]) => isOfEncoder(name)),
      ...[...(await read("narrow"))].filter(([name]) => !isOfEncoder(name)),
    ];
    // As the makers publish it: a repository of its own, with weights and configuration at its root.
    combined = join(root, "small-decoder");
    await mkdir(combined);
    const config = JSON.parse(await readFile(join(folder, "vae/config.json"), "utf8")) as object; // as written above
    await writeFile(
      join(combined, "config.json"),
      JSON.stringify({ ...config, decoder_block_out_channels: widths }),
    );
    await writeSafetensors(
      join(combined, WEIGHTS),
      tensors.map(([name, tensor]) => ({ name, ...tensor })),
    );
  });

  it("decodes as its decoder and encodes as its encoder, given as the option autoencoder", async () => {
    const [base, small] = [await openCheckpoint(folder), await openCheckpoint(join(root, "narrow"))];
    const both = { ...(await openCheckpoint(folder, { autoencoder: combined })), cachesReferences: false };
    const [latents] = await encodeImages(both, [image]);
    const [expected] = await encodeImages({ ...base, cachesReferences: false }, [image]);
    if (latents === undefined || expected === undefined) throw new RangeError("one image in, one out");
    expect(largestDifference(latents.tokens, expected.tokens)).toBeLessThan(1e-5);
    const decoded = await decodeLatents(both, latents);
    expect(largestDifference(decoded, await decodeLatents(small, latents))).toBeLessThan(1e-5);
    expect(largestDifference(decoded, await decodeLatents(base, latents))).toBeGreaterThan(0.01);
  });
});
