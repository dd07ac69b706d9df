import { writeFile } from "node:fs/promises";

/** A tensor of a GGUF file. */
export interface GgufTensorToWrite {
  readonly name: string;
  /** The number of ggml's type. */
  readonly type: number;
  /** Outermost axis first. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** A value of the header: a text, a list of texts or of 32-bit integers, or a 32-bit integer. */
type Value = string | number | readonly string[] | readonly number[];

const ALIGNMENT = 32;

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
export const uint64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
export const text = (value: string): Buffer =>
  Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);

function encodeValue(value: Value): Buffer {
  if (typeof value === "string") return Buffer.concat([uint32(8), text(value)]);
  if (typeof value === "number") return Buffer.concat([uint32(4), uint32(value)]);
  const isText = typeof value[0] === "string";
  const elements = value.map((element) => (typeof element === "string" ? text(element) : uint32(element)));
  return Buffer.concat([uint32(9), uint32(isText ? 8 : 5), uint64(value.length), ...elements]);
}

/** The header of a GGUF file of version 3. */
export function ggufHeader(
  tensors: readonly GgufTensorToWrite[],
  values: Readonly<Record<string, Value>> = {},
): Buffer {
  let offset = 0;
  const described = tensors.map(({ name, type, shape, data }) => {
    const axes = shape.toReversed().map((length) => uint64(length));
    const info = Buffer.concat([text(name), uint32(shape.length), ...axes, uint32(type), uint64(offset)]);
    offset += Math.ceil(data.length / ALIGNMENT) * ALIGNMENT;
    return info;
  });
  const keys = Object.entries(values).map(([key, value]) => Buffer.concat([text(key), encodeValue(value)]));
  const counts = [uint64(tensors.length), uint64(keys.length)];
  return Buffer.concat([Buffer.from("GGUF"), uint32(3), ...counts, ...keys, ...described]);
}

const padded = (bytes: Uint8Array): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)]);

/** Writes a GGUF file of version 3, as its description in ggml's docs/gguf.md has it. */
export async function writeGguf(
  path: string,
  tensors: readonly GgufTensorToWrite[],
  values: Readonly<Record<string, Value>> = {},
): Promise<void> {
  await writeFile(
    path,
    Buffer.concat([padded(ggufHeader(tensors, values)), ...tensors.map(({ data }) => padded(data))]),
  );
}
