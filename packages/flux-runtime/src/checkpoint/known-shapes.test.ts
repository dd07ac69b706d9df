import { describe, expect, it } from "vitest";
import { transformerConfigSchema } from "../models/transformer-config.ts";
import { transformerTensors } from "../models/required-tensors.ts";
import type { ComponentWeights } from "./component-weights.ts";
import { findKnownShape } from "./known-shapes.ts";

/** As much of a transformer's weights as shows its sizes, by the configuration that is published for them. */
function weightsOf(config: object): ComponentWeights {
  const parsed = transformerConfigSchema.parse({
    _class_name: "Flux2Transformer2DModel",
    attention_head_dim: 128,
    axes_dims_rope: [32, 32, 32, 32],
    in_channels: 128,
    mlp_ratio: 3,
    ...config,
  });
  const tensors = transformerTensors(parsed).map(({ name, shape }) => [name, { shape }] as const);
  return { tensors: new Map(tensors) } as unknown as ComponentWeights; // what is read of them
}

const of4B = { num_layers: 5, num_single_layers: 20, num_attention_heads: 24, joint_attention_dim: 7_680 };
const of9B = { num_layers: 8, num_single_layers: 24, num_attention_heads: 32, joint_attention_dim: 12_288 };

describe("findKnownShape", () => {
  it.each([
    [of4B, "flux-2-klein-base-4b.safetensors", "black-forest-labs/FLUX.2-klein-base-4B"],
    [of4B, "flux-2-klein-4b.safetensors", "black-forest-labs/FLUX.2-klein-4B"],
    [of4B, "model.safetensors", "black-forest-labs/FLUX.2-klein-base-4B"],
    [of9B, "FLUX2_Klein_base_9B_bf16.safetensors", "black-forest-labs/FLUX.2-klein-base-9B"],
    [of9B, "flux2-klein-9b.safetensors", "black-forest-labs/FLUX.2-klein-9B"],
  ])("knows %j in %s", (config, file, checkpoint) => {
    expect(findKnownShape(weightsOf(config), file)?.checkpoint).toBe(checkpoint);
  });

  it("knows no other sizes", () => {
    expect(
      findKnownShape(weightsOf({ ...of4B, num_layers: 6 }), "flux-2-klein-4b.safetensors"),
    ).toBeUndefined();
  });
});
