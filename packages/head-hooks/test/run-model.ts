import * as ort from "onnxruntime-node";

// Where there is a Float16Array (from Node 24 on), onnxruntime-node 1.29 turns float16 inputs into it and then reads them
// as empty (microsoft/onnxruntime#32323). It looks for one when the first tensor is made, and takes Uint16Array without.
Reflect.deleteProperty(globalThis, "Float16Array");

/** A tensor that a test feeds or reads. */
export interface Tensor {
  /** Bytes are truth values. */
  readonly data: Float32Array | BigInt64Array | Uint16Array | Uint8Array;
  readonly shape: readonly number[];
}

/** A tensor of float32 values. */
export interface FloatTensor extends Tensor {
  readonly data: Float32Array;
}

/** Run a model on the CPU and return its outputs. */
export async function runModel(
  source: Uint8Array | string,
  feeds: Record<string, Tensor>,
  options: ort.InferenceSession.SessionOptions = {},
): Promise<Record<string, Tensor>> {
  const settings = { logSeverityLevel: 3 as const, intraOpNumThreads: 1, ...options };
  const session =
    typeof source === "string"
      ? await ort.InferenceSession.create(source, settings)
      : await ort.InferenceSession.create(source, settings);
  try {
    const results = await session.run(
      Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)])),
    );
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => {
        if (data instanceof Float32Array || data instanceof BigInt64Array || data instanceof Uint16Array) {
          return [name, { data, shape: dims }];
        }
        throw new Error(`output ${name} has a type that the tests do not use`);
      }),
    );
  } finally {
    await session.release();
  }
}

/** An int64 [K, 2] tensor of segment ranges. */
export function rangesTensor(ranges: readonly (readonly [number, number])[]): Tensor {
  return { data: BigInt64Array.from(ranges.flat(), BigInt), shape: [ranges.length, 2] };
}

/** Mean squares [B, G] over tokens [start, stop) and over groups of channels of x [B, S, C], in float64. */
export function meanSquareOf(
  { data, shape }: Tensor,
  groupSize: number,
  range?: readonly [number, number],
): number[] {
  const [batch = 0, tokens = 0, channels = 0] = shape;
  const [start, stop] = range ?? [0, tokens];
  const result: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let group = 0; group < channels / groupSize; group++) {
      let sum = 0;
      for (let s = start; s < stop; s++) {
        for (let c = group * groupSize; c < (group + 1) * groupSize; c++) {
          sum += Number(data[(b * tokens + s) * channels + c]) ** 2;
        }
      }
      result.push(stop > start ? sum / ((stop - start) * groupSize) : 0);
    }
  }
  return result;
}

/** Largest relative difference of two lists of positive numbers. */
export function relativeError(received: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (received.length !== expected.length) return Infinity;
  return Array.from(expected).reduce(
    (worst, value, index) =>
      Math.max(worst, Math.abs((received[index] ?? NaN) - value) / Math.max(value, 1e-12)),
    0,
  );
}

/** The bytes of a tensor's values. */
export function bitsOf(tensor: Tensor | undefined): Buffer {
  if (tensor === undefined) throw new Error("the model has no such output");
  const { buffer, byteOffset, byteLength } = tensor.data;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** float16 bits to a number. */
export function fromFloat16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const sign = bits >> 15 === 0 ? 1 : -1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

function toOrt({ data, shape }: Tensor): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof BigInt64Array) return new ort.Tensor("int64", data, shape);
  if (data instanceof Uint8Array) return new ort.Tensor("bool", data, shape);
  return new ort.Tensor("float16", data, shape);
}
