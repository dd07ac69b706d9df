import { open } from "node:fs/promises";
import { FluxRuntimeError } from "../errors.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { decodeFloat8 } from "./float8.ts";
import { decodeBfloat16, decodeFloat16 } from "./half-precision.ts";
import type { LocatedWeight } from "./located-weight.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";
import { rangeOfRows } from "./range-of-rows.ts";
import type { SafetensorsEntry } from "./safetensors-header.ts";

/**
 * Reads one tensor into memory as float32. F32, F16, BF16, F8_E4M3 and F8_E5M2 are exact; F64 is rounded; I32 and I64 must fit. A
 * weight that has a scale is multiplied by it, in float32.
 *
 * Meant for small tensors (normalisation statistics, captures): weights go to ONNX Runtime by their offset instead.
 *
 * @param path - The file that `entry` was read from.
 * @throws {FluxRuntimeError} `unsupported-dtype` for other element types and for integers that float32 cannot hold
 * exactly; `malformed-safetensors` where the file has become shorter than its header says.
 */
export async function readTensor(
  path: string,
  entry: SafetensorsEntry & Pick<LocatedWeight, "scale">,
): Promise<Tensor> {
  const data = decode(await readTensorBytes(path, entry), entry, path);
  const scale = entry.scale && (await readTensor(entry.scale.file, entry.scale)).data;
  return { data: scale === undefined ? data : multiplyRows(data, scale), shape: entry.shape };
}

/** Multiplies rows of equal length by a number each, or all by one. */
function multiplyRows(data: Float32Array, scale: Float32Array): Float32Array {
  const rowLength = data.length / scale.length;
  return data.map((value, index) => value * (scale[Math.floor(index / rowLength)] ?? NaN));
}

/**
 * Reads some rows of a tensor as float32, in the given order: of a table of which a few rows are needed.
 *
 * @param entry - A tensor [rows, …].
 * @param rows - [N] indices of rows; the same one may come several times.
 * @returns [N, …].
 * @throws {FluxRuntimeError} `invalid-argument` for a row that the table does not have; as {@link readTensor} does.
 */
export async function readRows(
  path: string,
  entry: SafetensorsEntry & Pick<LocatedWeight, "scale">,
  rows: readonly number[],
): Promise<Tensor> {
  const [count = 0, ...row] = entry.shape;
  const unique = [...new Set(rows)];
  const missing = unique.find((index) => !(index >= 0 && index < count));
  if (missing !== undefined) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Row ${missing} was to be read of a table of ${count} rows in ${path}. A tokenizer with more tokens than the text encoder belongs to another checkpoint.`,
      { path, row: missing, rows: count },
    );
  }
  const read = await Promise.all(
    unique.map(async (index) => {
      const place = { ...rangeOfRows(entry, index, 1), shape: row };
      return [index, (await readTensor(path, place)).data] as const;
    }),
  );
  const values = new Map(read);
  const size = elementCount(row);
  const data = new Float32Array(rows.length * size);
  for (const [place, index] of rows.entries()) data.set(values.get(index) ?? [], place * size);
  return { data, shape: [rows.length, ...row] };
}

/**
 * Reads every tensor of a safetensors file into memory as float32, by name, in the order of their bytes.
 *
 * @throws {FluxRuntimeError} As `readSafetensorsHeader` and {@link readTensor} do.
 */
export async function readTensors(path: string): Promise<ReadonlyMap<string, Tensor>> {
  const { tensors } = await readSafetensorsHeader(path);
  const read = new Map<string, Tensor>();
  for (const [name, entry] of tensors) read.set(name, await readTensor(path, entry));
  return read;
}

/** Linux reads at most 0x7ffff000 bytes a call; a round number below it. */
const LARGEST_READ = 2 ** 30;

/**
 * Reads the bytes of a tensor as they are.
 *
 * @throws {FluxRuntimeError} `malformed-safetensors` where the file has become shorter than its header says.
 */
export async function readTensorBytes(
  path: string,
  { byteOffset, byteLength }: SafetensorsEntry,
): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength);
  const file = await open(path, "r");
  try {
    for (let start = 0; start < byteLength;) {
      const length = Math.min(LARGEST_READ, byteLength - start);
      const { bytesRead } = await file.read(bytes, start, length, byteOffset + start);
      if (bytesRead === 0) {
        throw new FluxRuntimeError(
          "malformed-safetensors",
          `${path} ends at byte ${byteOffset + start}, inside a tensor that should end at byte ${byteOffset + byteLength}. The file was changed or cut short since its header was read: fetch it again.`,
          { path, byteOffset, byteLength, bytesRead: start },
        );
      }
      start += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes.buffer;
}

function decode(bytes: ArrayBuffer, { dtype }: SafetensorsEntry, path: string): Float32Array {
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes);
    case "F64":
      return Float32Array.from(new Float64Array(bytes));
    case "BF16":
      return decodeBfloat16(new Uint16Array(bytes));
    case "F16":
      return decodeFloat16(new Uint16Array(bytes));
    case "F8_E4M3":
    case "F8_E5M2":
      return decodeFloat8(new Uint8Array(bytes), dtype);
    case "I32":
      return exactFloats(new Int32Array(bytes), path);
    case "I64":
      return exactFloats(new BigInt64Array(bytes), path);
    default:
      throw new FluxRuntimeError(
        "unsupported-dtype",
        `A tensor of ${dtype} in ${path} cannot be read as float32; F32, F64, F16, BF16, F8_E4M3, F8_E5M2, I32 and I64 can. Convert it first.`,
        { path, dtype },
      );
  }
}

function exactFloats(integers: Int32Array | BigInt64Array, path: string): Float32Array {
  const floats = new Float32Array(integers.length);
  for (const [index, integer] of integers.entries()) {
    const value = Number(integer);
    if (Math.abs(value) > 2 ** 24) {
      throw new FluxRuntimeError(
        "unsupported-dtype",
        `The integer ${integer.toString()} at element ${index} of a tensor in ${path} is beyond 2^24, so float32 cannot be trusted to hold it. Read this tensor with another reader.`,
        { path, index, value },
      );
    }
    floats[index] = value;
  }
  return floats;
}
