import { float8Values, isFloat8Dtype } from "../checkpoint/float8.ts";
import { decodeBfloat16, encodeFloat16 } from "../checkpoint/half-precision.ts";
import { readTensor, readTensorBytes } from "../checkpoint/read-safetensors.ts";
import type { TensorToWrite } from "../checkpoint/write-safetensors.ts";
import type { LocatedWeight } from "../checkpoint/located-weight.ts";
import { partColumns } from "../graph/matrix-parts.ts";
import type { RequiredTensor } from "../models/list-tensors.ts";
import { elementCount } from "../tensor.ts";
import { transpose } from "./transpose.ts";

/** How a copy stores the matrices that a checkpoint stores in 16 bits. */
export type StoredType = "float16" | "float32";

/**
 * Reads a weight in the form in which WebGPU's graphs take it: a matrix with its axes in the order of its product, a large one
 * in the parts that its graph takes, in float16 if it is asked for and every value is within its range, else in float32. What has a
 * single axis is small, and float32.
 *
 * Between 2^-17 and 65,504 each bfloat16 number is a float16 number; smaller ones are rounded by at most 2^-25. Each fp8 number is
 * one, but not its product with a scale: one scale of a whole matrix stays apart, and scales of rows make the matrix float32.
 *
 * @returns The weight, and its scale where that stays apart.
 * @throws {FluxRuntimeError} As `readTensor` does.
 */
export async function convertWeight(
  weight: LocatedWeight,
  { name, shape, layout }: RequiredTensor,
  storedType: StoredType,
): Promise<TensorToWrite[]> {
  const bits = isStoredInHalf(weight, storedType) ? await readFloat16Bits(weight) : undefined;
  if (bits !== undefined) {
    const half: TensorToWrite = { name, shape, dtype: "F16", data: arrange(bits, weight, layout) };
    const { scale } = weight;
    if (scale === undefined) return [half];
    return [half, { name: `${name}_scale`, ...(await readTensor(scale.file, scale)) }];
  }
  const { data } = await readTensor(weight.file, weight);
  return [{ name, shape, data: arrange(data, weight, layout) }];
}

/** Whether a weight is to be float16 in a copy, if its values allow that. */
export function isStoredInHalf({ dtype, shape, scale }: LocatedWeight, storedType: StoredType): boolean {
  if (storedType !== "float16" || dtype === "F32" || shape.length < 2) return false;
  return scale === undefined || (isFloat8Dtype(dtype) && elementCount(scale.shape) === 1);
}

/** The float16 bit patterns of a weight without its scale; none if a value is beyond float16, or the type another. */
async function readFloat16Bits(weight: LocatedWeight): Promise<Uint16Array<ArrayBuffer> | undefined> {
  const { dtype } = weight;
  const bytes = await readTensorBytes(weight.file, weight);
  if (isFloat8Dtype(dtype)) {
    const halves = encodeFloat16(float8Values(dtype));
    const codes = new Uint8Array(bytes);
    const widened = new Uint16Array(codes.length);
    for (let i = 0; i < codes.length; i += 1) {
      const half = halves[codes[i] as number] as number; // the table has all codes
      if ((half & EXPONENT) === EXPONENT) return undefined;
      widened[i] = half;
    }
    return widened;
  }
  const bits = new Uint16Array(bytes);
  if (dtype === "F16") return bits;
  if (dtype !== "BF16") return undefined;
  const table = float16OfBfloat16();
  for (let i = 0; i < bits.length; i += 1) {
    const converted = table[bits[i] as number] as number; // the table has all patterns of 16 bits
    if ((converted & EXPONENT) === EXPONENT) return undefined;
    bits[i] = converted;
  }
  return bits;
}

/** All bits of the exponent are set where a float16 is infinite or no number. */
const EXPONENT = 0x7c00;

let table: Uint16Array | undefined;

function float16OfBfloat16(): Uint16Array {
  return (table ??= encodeFloat16(decodeBfloat16(Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits))));
}

function arrange<Numbers extends Uint16Array | Float32Array>(
  data: Numbers,
  { shape }: LocatedWeight,
  layout: RequiredTensor["layout"],
): Numbers {
  if (layout !== "transposed") return data;
  const [rows = 0, columns = 0] = shape;
  const turned = data.slice() as Numbers;
  let start = 0;
  for (const partOfRows of partColumns([columns, rows])) {
    const end = start + partOfRows * columns;
    transpose(data.subarray(start, end), turned.subarray(start, end), [partOfRows, columns]);
    start = end;
  }
  return turned;
}
