const { fround } = Math;

/**
 * a·b + c rounded once to float32, as a fused multiply-add does.
 *
 * The product of two float32 values is exact in float64, so only the sum is rounded twice; that shows in about one of
 * 2^29 results.
 */
function multiplyAdd(a: number, b: number, c: number): number {
  return fround(a * b + c);
}

/** The polynomial whose highest coefficient comes first, in float32 with fused steps. */
function polynomial(x: number, coefficients: Float32Array): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = multiplyAdd(sum, x, coefficient);
  return sum;
}

const LOG_COEFFICIENTS = Float32Array.of(
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
);
const SQRT_HALF = fround(Math.SQRT1_2);
const LN_2_HIGH = 0.693359375;
const LN_2_LOW = fround(-2.1219444e-4);

/**
 * The natural logarithm of a positive normal float32, equal to the last bit to what PyTorch's noise uses on x64.
 *
 * Source: `logf` of the Cephes library, in the order of `log256_ps` of PyTorch (ATen/native/cpu/avx_mathfun.h) as
 * compilers fuse it.
 */
export function logFloat32(x: number): number {
  let exponent = Math.floor(Math.log2(x)) + 1;
  let fraction = x * 2 ** -exponent; // in [1/2, 1), exact
  if (fraction < SQRT_HALF) {
    exponent -= 1;
    fraction *= 2;
  }
  const y = fround(fraction - 1);
  const square = fround(y * y);
  let rest = fround(polynomial(y, LOG_COEFFICIENTS) * y);
  rest = multiplyAdd(rest, square, fround(exponent * LN_2_LOW));
  rest = fround(rest - square / 2);
  return multiplyAdd(exponent, LN_2_HIGH, fround(y + rest));
}

const COS_COEFFICIENTS = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2);
const SIN_COEFFICIENTS = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1);
const FOUR_OVER_PI = fround(4 / Math.PI);
/** π/4 in three pieces, so that a multiple of it can be subtracted without loss. */
const QUARTER_PI = Float32Array.of(0.78515625, 2.4187564849853516e-4, 3.774894977445941e-8);

/** A point on the unit circle. */
export interface SinCos {
  readonly sin: number;
  readonly cos: number;
}

/**
 * Sine and cosine of a float32 in [0, 8192), equal to the last bit to what PyTorch's noise uses on x64.
 *
 * Source: `sinf` and `cosf` of the Cephes library, in the order of `sincos256_ps` of PyTorch
 * (ATen/native/cpu/avx_mathfun.h) as compilers fuse it.
 */
export function sinCosFloat32(x: number): SinCos {
  const octant = Math.trunc(fround(x * FOUR_OVER_PI));
  const quadrant = (octant + 1) >> 1; // the nearest multiple of π/2
  let angle = x; // in [−π/4, π/4] after the subtraction
  for (const piece of QUARTER_PI) angle = multiplyAdd(2 * quadrant, -piece, angle);

  const square = fround(angle * angle);
  const cosTail = fround(polynomial(square, COS_COEFFICIENTS) * square);
  const nearCos = fround(multiplyAdd(cosTail, square, -square / 2) + 1);
  const nearSin = multiplyAdd(fround(polynomial(square, SIN_COEFFICIENTS) * square), angle, angle);

  switch (quadrant & 3) {
    case 0:
      return { sin: nearSin, cos: nearCos };
    case 1:
      return { sin: nearCos, cos: -nearSin };
    case 2:
      return { sin: -nearSin, cos: -nearCos };
    default:
      return { sin: -nearCos, cos: nearSin };
  }
}
