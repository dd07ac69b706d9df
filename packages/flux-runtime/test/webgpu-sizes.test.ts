import { describe, expect, it } from "vitest";
import type { ModelGraph, ModelGraphOptions, WeightSource } from "../src/graph/model-graph.ts";
import { autoencoderConfigSchema } from "../src/models/autoencoder-config.ts";
import { buildAutoencoderDecoder } from "../src/models/autoencoder-decoder.ts";
import { buildAutoencoderEncoder } from "../src/models/autoencoder-encoder.ts";
import { textEncoderConfigSchema } from "../src/models/text-encoder-config.ts";
import { buildTextEncoder } from "../src/models/text-encoder.ts";
import { transformerConfigSchema } from "../src/models/transformer-config.ts";
import { buildTransformer } from "../src/models/transformer.ts";
import { checkpointConfigs } from "../src/synthesis/checkpoint-configs.ts";
import { getCheckpointSpec } from "../src/synthesis/checkpoint-spec.ts";
import { inferShapes } from "./tensor-shapes.ts";

const configs = checkpointConfigs(getCheckpointSpec("klein-4b"));
const transformer = transformerConfigSchema.parse(configs["transformer/config.json"]);
const textEncoder = textEncoderConfigSchema.parse(configs["text_encoder/config.json"]);
const autoencoder = autoencoderConfigSchema.parse(configs["vae/config.json"]);

/** As a checkpoint in bfloat16 would give them; no byte of them is read. */
const weights: WeightSource = {
  locate: (name, shape) => ({
    ...{ dtype: "F16", shape, file: "", location: name, byteOffset: 0, byteLength: 0 },
  }),
};
const options: ModelGraphOptions = { weights, computeType: "float32", kernels: "webgpu" };

/** Tokens of a side at 1,024 pixels, and positions of a latent. */
const [TOKENS, LATENT] = [64, 128];
const noiseAndReference = 2 * TOKENS ** 2;

const GIBIBYTE = 2 ** 30;

describe("at the shape of Klein 4B, 1,024 × 1,024 pixels with one reference, no tensor is above 1 GiB in float32", () => {
  const cases: readonly [string, ModelGraph, Record<string, number>, [string, number[]]][] = [
    [
      "text encoder",
      buildTextEncoder(textEncoder, options),
      { B: 1, S: 512 },
      ["prompt_embeds", [1, 512, 3 * 2_560]],
    ],
    [
      "transformer",
      buildTransformer(transformer, options),
      { B: 1, S_text: 512, S_image: noiseAndReference, S: 512 + noiseAndReference },
      ["velocity", [1, noiseAndReference, 128]],
    ],
    [
      "autoencoder's encoder",
      buildAutoencoderEncoder(autoencoder, options),
      { B: 1, H: 1_024, W: 1_024 },
      ["latent_mode", [1, 32, LATENT, LATENT]],
    ],
    [
      "autoencoder's decoder",
      buildAutoencoderDecoder(autoencoder, options),
      { B: 1, h: LATENT, w: LATENT },
      ["sample", [1, 3, 1_024, 1_024]],
    ],
  ];

  it.each(cases)("%s", (_, graph, lengths, [output, shape]) => {
    const shapes = inferShapes(graph.serialize(), lengths);
    expect(shapes.get(output)).toEqual(shape);
    const bytes = [...shapes].map(([name, own]) => [4 * own.reduce((size, n) => size * n, 1), name] as const);
    const [largest] = bytes.sort(([a], [b]) => b - a);
    expect(largest?.[0], largest?.[1]).toBeLessThanOrEqual(GIBIBYTE);
    expect(largest?.[0]).toBeGreaterThan(2 ** 24); // the sizes are those of the model
  });
});
