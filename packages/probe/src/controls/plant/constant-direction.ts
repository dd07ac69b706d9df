import { readTensor, type Checkpoint } from "@measure-plantain/flux-runtime";
import { valueAt } from "../../reading.ts";

/**
 * The direction along which the modulated input of every single block is the same for all tokens of all prompts.
 *
 * The blocks' layer normalization leaves channels that add up to 0; the modulation multiplies them by 1 + scale and adds
 * a shift, both functions of the timestep alone. So 1 / (1 + scale) has the same product with every token:
 * Σ shift / (1 + scale). FLUX.2 has no biases; this stands in for one.
 *
 * @param timestep - 0 … 1000, rounded as the transformer embeds it.
 * @returns float64 [C], scaled so that the product is 1.
 * @throws RangeError where the modulation leaves no such direction.
 */
export async function constantDirection(checkpoint: Checkpoint, timestep: number): Promise<Float64Array> {
  const { config, weights } = checkpoint.transformer;
  const width = config.num_attention_heads * config.attention_head_dim;
  const multiply = async (name: string, x: Float64Array, out: number): Promise<Float64Array> => {
    const weight = weights.locate(`${name}.weight`, [out, x.length]);
    const { data } = await readTensor(weight.file, weight);
    return Float64Array.from({ length: out }, (_, row) =>
      x.reduce((sum, value, column) => sum + value * valueAt(data, row * x.length + column), 0),
    );
  };
  const half = config.timestep_guidance_channels / 2;
  const angles = Float64Array.from(
    { length: half },
    (_, i) => timestep * Math.exp((-Math.log(10_000) * i) / half),
  );
  const waves = Float64Array.from([...angles.map(Math.cos), ...angles.map(Math.sin)]);
  const embedder = "time_guidance_embed.timestep_embedder";
  const inner = await multiply(`${embedder}.linear_1`, waves, width);
  const embedding = await multiply(`${embedder}.linear_2`, inner.map(silu), width);
  const modulation = await multiply("single_stream_modulation.linear", embedding.map(silu), 3 * width);
  const shift = modulation.subarray(0, width);
  const direction = modulation.subarray(width, 2 * width).map((scale) => 1 / (1 + scale));
  const product = direction.reduce((sum, value, channel) => sum + value * valueAt(shift, channel), 0);
  if (!(Math.abs(product) > 1e-6 * Math.hypot(...direction))) {
    throw new RangeError(
      `the modulation of the single blocks leaves no direction that is the same for all tokens (Σ shift / (1 + scale) = ${product})`,
    );
  }
  return direction.map((value) => value / product);
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}
