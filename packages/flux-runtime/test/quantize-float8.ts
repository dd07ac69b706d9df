import type { Float8Dtype } from "../src/checkpoint/float8.ts";
import { SAFETENSORS_DTYPE_BYTES, type SafetensorsDtype } from "../src/checkpoint/safetensors-dtype.ts";
import { createSafetensorsWriter } from "../src/checkpoint/write-safetensors.ts";
import type { Tensor } from "../src/tensor.ts";

/** The bits of fraction and the bias of the exponent of each type. */
const FORMATS = { F8_E4M3: [3, 7], F8_E5M2: [2, 15] } as const;

/** The value of a code that is a finite number, by the definition of the type: not the code that is tested. */
function computeValue(code: number, dtype: Float8Dtype): number {
  const [fractionBits, bias] = FORMATS[dtype];
  const digits = (code & 0x7f).toString(2).padStart(7, "0");
  const exponent = parseInt(digits.slice(0, 7 - fractionBits), 2);
  const fraction = parseInt(digits.slice(7 - fractionBits), 2) / 2 ** fractionBits;
  const size = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  return code > 127 ? -size : size;
}

const values = new Map<Float8Dtype, Float64Array>();

function valuesOf(dtype: Float8Dtype): Float64Array {
  const known =
    values.get(dtype) ?? Float64Array.from({ length: 256 }, (_, code) => computeValue(code, dtype));
  values.set(dtype, known);
  return known;
}

/** The codes of finite numbers without a sign, ascending like their values. */
const COUNT = { F8_E4M3: 0x7f, F8_E5M2: 0x7c } as const;

/** The code of the number next to a value, of two as near the even one; beyond the largest number, that one. */
function encode(value: number, dtype: Float8Dtype): number {
  const size = Math.abs(value);
  const numbers = valuesOf(dtype);
  const valueAt = (code: number): number => numbers[code] ?? NaN;
  let [low, high] = [0, COUNT[dtype] - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (valueAt(middle) <= size) low = middle;
    else high = middle;
  }
  const [below, above] = [size - valueAt(low), valueAt(high) - size];
  const code = below < above || (below === above && low % 2 === 0) ? low : high;
  return value < 0 || Object.is(value, -0) ? code | 0x80 : code;
}

/** How a tensor is quantised. */
export interface Quantization {
  readonly dtype: Float8Dtype;
  /** What shares a scale: nothing has one, the whole tensor, or each row. */
  readonly scaleOf: "nothing" | "tensor" | "row";
}

/** A tensor in fp8, and what it stands for. */
export interface Quantized {
  readonly codes: Uint8Array;
  /** One number, or one for each row; none for `nothing`. */
  readonly scale: Float32Array;
  /** The values in float32: each code's times its scale, rounded once. */
  readonly values: Tensor;
}

/** Quantises a tensor so that the largest value of what shares a scale is the largest number of the type. */
export function quantizeFloat8({ data, shape }: Tensor, { dtype, scaleOf }: Quantization): Quantized {
  const groups = scaleOf === "row" ? (shape[0] ?? 1) : 1;
  const length = data.length / groups;
  const numbers = valuesOf(dtype);
  const largest = numbers[COUNT[dtype] - 1] ?? NaN;
  const scale = Float32Array.from({ length: groups }, (_, group) => {
    const part = data.subarray(group * length, (group + 1) * length);
    const most = part.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
    return scaleOf === "nothing" ? 1 : most / largest;
  });
  const scaleAt = (index: number): number => scale[Math.floor(index / length)] ?? NaN;
  const codes = Uint8Array.from(data, (value, index) => encode(value / scaleAt(index), dtype));
  const widened = Float32Array.from(codes, (code, index) => (numbers[code] ?? NaN) * scaleAt(index));
  return {
    codes,
    scale: scaleOf === "nothing" ? new Float32Array() : scale,
    values: { data: widened, shape },
  };
}

/** Bytes of a tensor under a name, of any type. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/** Writes tensors, wider ones first. */
export async function writeStored(
  path: string,
  tensors: readonly StoredTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const bytesOf = ({ dtype }: StoredTensor): number => SAFETENSORS_DTYPE_BYTES[dtype];
  const sorted = tensors.toSorted((one, other) => bytesOf(other) - bytesOf(one));
  const layout = sorted.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  const writer = await createSafetensorsWriter(path, layout, { metadata });
  for (const { data } of sorted) await writer.append(data);
  await writer.close();
}
