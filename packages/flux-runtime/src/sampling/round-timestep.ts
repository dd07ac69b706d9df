import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
} from "../checkpoint/half-precision.ts";
import type { ComputeType } from "../graph/element-type.ts";

const { fround } = Math;

/**
 * The timestep that the reference's transformer embeds. The pipeline casts it to the type of the latents and divides it by
 * 1000; the transformer casts it to its own type and multiplies it by 1000. Each result is rounded to that type.
 *
 * In bfloat16, whose numbers lie 4 apart from 512 on, 982.45 becomes 984. In float32 the cast is left out: a schedule's
 * timesteps are float32 already.
 *
 * @param timestep - 0 … 1000.
 * @param computeType - In which the transformer computes.
 *
 * Source: `Flux2KleinPipeline.__call__`, step 7, and `Flux2Transformer2DModel.forward` in diffusers. PyTorch computes in
 * float32 and rounds behind each operation.
 */
export function roundTimestep(timestep: number, computeType: ComputeType): number {
  if (computeType === "float32") return fround(fround(timestep / 1_000) * 1_000);
  const round = computeType === "bfloat16" ? roundToBfloat16 : roundToFloat16;
  return round(fround(round(fround(round(timestep) / 1_000)) * 1_000));
}

function roundToBfloat16(value: number): number {
  const [rounded = Number.NaN] = decodeBfloat16(encodeBfloat16(Float32Array.of(value)));
  return rounded;
}

function roundToFloat16(value: number): number {
  const [rounded = Number.NaN] = decodeFloat16(encodeFloat16(Float32Array.of(value)));
  return rounded;
}
