import { FluxRuntimeError } from "../errors.ts";
import { elementCount } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { logFloat32, sinCosFloat32 } from "./float32-math.ts";
import { createMersenneTwister } from "./mersenne-twister.ts";

/** A seeded source of noise; every call goes on where the last one ended. */
export interface TorchGenerator {
  /** Standard normal values of a shape, as `torch.randn(shape, generator=g)` in float32 on the CPU. */
  readonly randn: (shape: readonly number[]) => Tensor;
}

const { fround } = Math;

/**
 * The noise of PyTorch's CPU generator: `torch.Generator().manual_seed(seed)`.
 *
 * PyTorch draws fewer than 16 values one pair at a time in float64, and 16 or more in blocks in float32; both are
 * followed here, and so is the place in the stream. The values are those of an x64 processor with AVX2, bit for bit;
 * PyTorch itself differs from them in the last bits on other processors (below 1e-6).
 *
 * @param seed - From −2^63 to 2^64 − 1, as a safe integer or a bigint. As in PyTorch only its lowest 32 bits count.
 * @throws {FluxRuntimeError} `invalid-argument` for a seed that is no such integer.
 *
 * @example
 * const { data, shape } = createTorchGenerator(42).randn([1, 128, 64, 64]);
 *
 * Source: `normal_kernel` in ATen/native/cpu/DistributionTemplates.h, `normal_distribution` in
 * ATen/core/DistributionsHelper.h and `mt19937_engine` in ATen/core/MT19937RNGEngine.h of PyTorch.
 */
export function createTorchGenerator(seed: number | bigint): TorchGenerator {
  const engine = createMersenneTwister(lowestWord(seed));
  let spare: number | undefined;

  const uniformFloat = (): number => (engine.nextUint32() & 0xffffff) * 2 ** -24;
  const uniformDouble = (): number => {
    // Two words, the first one above; the lowest 53 of their 64 bits.
    const high = engine.nextUint32() & 0x1fffff;
    return (high * 2 ** 32 + engine.nextUint32()) * 2 ** -53;
  };

  const normalDouble = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const theta = 2 * Math.PI * uniformDouble();
    const radius = Math.sqrt(-2 * Math.log1p(-uniformDouble()));
    spare = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  };

  const fillBlocks = (data: Float32Array): void => {
    for (let i = 0; i < data.length; i++) data[i] = uniformFloat();
    for (let start = 0; start + BLOCK <= data.length; start += BLOCK) {
      transformBlock(data.subarray(start, start + BLOCK));
    }
    if (data.length % BLOCK !== 0) {
      // The end that fills no block: the last 16 values are drawn anew and overlap the block before.
      const last = data.subarray(data.length - BLOCK);
      for (let i = 0; i < BLOCK; i++) last[i] = uniformFloat();
      transformBlock(last);
    }
  };

  return {
    randn: (shape) => {
      const data = new Float32Array(elementCount(shape));
      if (data.length < BLOCK) {
        for (let i = 0; i < data.length; i++) data[i] = normalDouble();
      } else {
        fillBlocks(data);
      }
      return { data, shape: [...shape] };
    },
  };
}

const BLOCK = 16;
const TWO_PI = fround(2 * Math.PI);

/** Box–Muller in float32: eight uniforms for the radius, eight for the angle; eight cosines, then eight sines. */
function transformBlock(block: Float32Array): void {
  for (let i = 0; i < BLOCK / 2; i++) {
    const u1 = fround(1 - (block[i] ?? 0)); // in (0, 1], for the logarithm
    const u2 = block[i + BLOCK / 2] ?? 0;
    const radius = fround(Math.sqrt(-2 * logFloat32(u1)));
    const { sin, cos } = sinCosFloat32(fround(TWO_PI * u2));
    block[i] = radius * cos;
    block[i + BLOCK / 2] = radius * sin;
  }
}

function lowestWord(seed: number | bigint): number {
  const isInteger = typeof seed === "bigint" || Number.isSafeInteger(seed);
  const wide = isInteger ? BigInt(seed) : undefined;
  if (wide === undefined || wide < -(2n ** 63n) || wide >= 2n ** 64n) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `A seed must be an integer from −2^63 to 2^64 − 1, but got ${seed.toString()}. Numbers beyond 2^53 − 1 must be given as a bigint.`,
      { seed },
    );
  }
  return Number(BigInt.asUintN(32, wide));
}
