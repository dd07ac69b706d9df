import type { TransformerConfig } from "./transformer-config.ts";
import type { Value } from "../graph/graph-builder.ts";
import { ModelGraph, type ModelGraphOptions } from "../graph/model-graph.ts";
import { timestepFrequencies } from "../sampling/timestep-waves.ts";

const LARGEST_FLOAT16 = 65_504;

/** Shift, scale + 1 and gate of one modulated sub-block, each [B, 1, C]. */
interface Modulation {
  readonly shift: Value;
  readonly scale: Value;
  readonly gate: Value;
}

/**
 * The FLUX.2 transformer as an ONNX model: joint blocks, in which an image and a text stream attend to each other, then
 * single blocks over both as one sequence, whose attention and MLP share their projections.
 *
 * Inputs: `hidden_states` [B, S_image, in_channels] (noise, then reference tokens), `encoder_hidden_states`
 * [B, S_text, joint_attention_dim], `timestep` [B] in 0 … 1000, `rotary_cos` and `rotary_sin` [S_text + S_image, D / 2].
 * Output: `velocity` [B, S_image, out_channels]. Letters: B batch, S sequence, C = heads · D channels, M MLP channels.
 *
 * Source: diffusers `Flux2Transformer2DModel` (models/transformers/transformer_flux2.py).
 */
export function buildTransformer(config: TransformerConfig, options: ModelGraphOptions): ModelGraph {
  const g = new ModelGraph("flux2-transformer", options);
  const heads = config.num_attention_heads;
  const headSize = config.attention_head_dim;
  const C = heads * headSize;
  const M = Math.trunc(C * config.mlp_ratio);
  const epsilon = config.eps;
  const outChannels = config.out_channels ?? config.in_channels;

  const latents = g.cast(
    g.input("hidden_states", "float32", ["B", "S_image", config.in_channels]),
    g.computeType,
  );
  const prompt = g.cast(
    g.input("encoder_hidden_states", "float32", ["B", "S_text", config.joint_attention_dim]),
    g.computeType,
  );
  const timestep =
    g.kernels === "webgpu"
      ? g.input("timestep_waves", "float32", ["B", config.timestep_guidance_channels]) // WebGPU's own sines are off by up to 2e-4
      : g.input("timestep", "float32", ["B"]);
  const cos = g.input("rotary_cos", "float32", ["S", headSize / 2]);
  const sin = g.input("rotary_sin", "float32", ["S", headSize / 2]);

  const textLength = g.lengthOf(prompt, 1);
  const start = g.constant("int64", [1], [0]);
  const end = g.constant("int64", [1], [Number.MAX_SAFE_INTEGER]);

  const attend = (query: Value, key: Value, value: Value): Value => {
    const rotate = (x: Value): Value =>
      g.cast(
        g.rotaryEmbedding(g.cast(x, "float32"), cos, sin, { heads, interleaved: true }), // rotated in float32
        g.computeType,
      );
    return g.multiHeadAttention(rotate(query), rotate(key), value, { heads, headSize, headsAtOnce: 3 }); // [B, S, C]
  };
  const normHeads = (x: Value, path: string): Value =>
    g.rmsNormPerHead(x, path, { heads, size: headSize, epsilon });
  const modulate = (x: Value, { shift, scale }: Modulation): Value =>
    g.add(g.mul(g.plainLayerNorm(x, C, epsilon), scale), shift);
  const swiGlu = (x: Value): Value => {
    const [gate, linear] = halves(g, x, M);
    return g.mul(g.silu(gate), linear);
  };
  const feedForward = (x: Value, path: string): Value =>
    g.linear(swiGlu(g.linear(x, `${path}.linear_in`, { in: C, out: 2 * M })), `${path}.linear_out`, {
      in: M,
      out: C,
    });

  // As the reference does after each block, lest a sum beyond float16 become infinite.
  const keepFinite = (x: Value): Value => (g.computeType === "float16" ? g.clip(x, LARGEST_FLOAT16) : x);

  // Every block of a kind shares one modulation of the timestep.
  const timestepEmbedding = embedTimestep(g, timestep, config, C); // [B, C]
  const activated = g.silu(timestepEmbedding);
  const modulations = (path: string, sets: number): Modulation[] => {
    const raw = g.unsqueeze(g.linear(activated, `${path}.linear`, { in: C, out: 3 * sets * C }), 1); // [B, 1, 3 · sets · C]
    const parts = g.split(raw, Array<number>(3 * sets).fill(C), -1);
    return Array.from({ length: sets }, (_, set) => {
      const [shift, scale, gate] = parts.slice(3 * set) as [Value, Value, Value]; // 3 · sets parts were asked for
      return { shift, scale: onePlus(g, scale), gate };
    });
  };
  const [imageAttention, imageMlp] = modulations("double_stream_modulation_img", 2) as [
    Modulation,
    Modulation,
  ];
  const [textAttention, textMlp] = modulations("double_stream_modulation_txt", 2) as [Modulation, Modulation];
  const [single] = modulations("single_stream_modulation", 1) as [Modulation];

  let image = g.linear(latents, "x_embedder", { in: config.in_channels, out: C }); // [B, S_image, C]
  let text = g.linear(prompt, "context_embedder", { in: config.joint_attention_dim, out: C }); // [B, S_text, C]

  for (let index = 0; index < config.num_layers; index += 1) {
    const block = `transformer_blocks.${index}`;
    const project = (x: Value, name: string): Value =>
      g.linear(x, `${block}.attn.${name}`, { in: C, out: C });
    const normedImage = modulate(image, imageAttention);
    const normedText = modulate(text, textAttention);
    const query = g.concat(
      [
        normHeads(project(normedText, "add_q_proj"), `${block}.attn.norm_added_q`),
        normHeads(project(normedImage, "to_q"), `${block}.attn.norm_q`),
      ],
      1,
    ); // [B, S, C], text first
    const key = g.concat(
      [
        normHeads(project(normedText, "add_k_proj"), `${block}.attn.norm_added_k`),
        normHeads(project(normedImage, "to_k"), `${block}.attn.norm_k`),
      ],
      1,
    );
    const value = g.concat([project(normedText, "add_v_proj"), project(normedImage, "to_v")], 1);
    const attention = attend(query, key, value);

    const imageOut = project(g.slice(attention, textLength, end, 1), "to_out.0");
    image = g.add(image, g.mul(imageAttention.gate, imageOut));
    image = g.add(image, g.mul(imageMlp.gate, feedForward(modulate(image, imageMlp), `${block}.ff`)));

    const textOut = project(g.slice(attention, start, textLength, 1), "to_add_out");
    text = g.add(text, g.mul(textAttention.gate, textOut));
    text = keepFinite(
      g.add(text, g.mul(textMlp.gate, feedForward(modulate(text, textMlp), `${block}.ff_context`))),
    );
  }

  let hidden = g.concat([text, image], 1); // [B, S, C]
  for (let index = 0; index < config.num_single_layers; index += 1) {
    const block = `single_transformer_blocks.${index}.attn`;
    const fused = g.linear(modulate(hidden, single), `${block}.to_qkv_mlp_proj`, {
      in: C,
      out: 3 * C + 2 * M,
    });
    const [query, key, value, mlp] = g.split(fused, [C, C, C, 2 * M], -1) as [Value, Value, Value, Value];
    const attention = attend(normHeads(query, `${block}.norm_q`), normHeads(key, `${block}.norm_k`), value);
    const both = g.concat([attention, swiGlu(mlp)], -1); // [B, S, C + M]
    hidden = keepFinite(
      g.add(hidden, g.mul(single.gate, g.linear(both, `${block}.to_out`, { in: C + M, out: C }))),
    );
  }

  const [scale, shift] = halves(
    g,
    g.unsqueeze(g.linear(activated, "norm_out.linear", { in: C, out: 2 * C }), 1),
    C,
  );
  const final = { shift, scale: onePlus(g, scale), gate: scale };
  const normed = modulate(g.slice(hidden, textLength, end, 1), final); // [B, S_image, C]
  const velocity = g.linear(normed, "proj_out", { in: C, out: config.patch_size ** 2 * outChannels });
  g.output("velocity", g.cast(velocity, "float32"), ["B", "S_image", config.patch_size ** 2 * outChannels]);
  return g;
}

/** The sinusoidal embedding of the timestep (cosines first), then its two-layer MLP: [B] or its waves → [B, C]. */
function embedTimestep(g: ModelGraph, timestep: Value, config: TransformerConfig, C: number): Value {
  const size = config.timestep_guidance_channels;
  const waves = g.kernels === "webgpu" ? timestep : waveTimestep(g, timestep, size);
  const path = "time_guidance_embed.timestep_embedder";
  const inner = g.linear(waves, `${path}.linear_1`, { in: size, out: C });
  return g.linear(g.silu(inner), `${path}.linear_2`, { in: C, out: C });
}

/** As {@link timestepWaves}: [B] → [B, size]. */
function waveTimestep(g: ModelGraph, timestep: Value, size: number): Value {
  const frequencies = timestepFrequencies(size);
  const angles = g.mul(g.unsqueeze(timestep, 1), g.constant("float32", [1, size / 2], frequencies)); // [B, size / 2]
  return g.cast(g.concat([g.cos(angles), g.sin(angles)], -1), g.computeType);
}

function halves(g: ModelGraph, x: Value, size: number): [Value, Value] {
  return g.split(x, [size, size], -1) as [Value, Value]; // two lengths in, two parts out
}

function onePlus(g: ModelGraph, x: Value): Value {
  return g.add(g.cast(g.constant("float32", [1], [1]), x.type), x);
}
