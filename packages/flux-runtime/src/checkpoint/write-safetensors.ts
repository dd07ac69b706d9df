import { FluxRuntimeError } from "../errors.ts";
import { elementCount } from "../tensor.ts";
import { openAside } from "../disk/write-aside.ts";
import { SAFETENSORS_DTYPE_BYTES } from "./safetensors-dtype.ts";
import type { SafetensorsDtype } from "./safetensors-dtype.ts";

/** A tensor to write; the element type follows from the array, or is named where 16 bits could mean several. */
export type TensorToWrite = { readonly name: string; readonly shape: readonly number[] } & (
  | {
      readonly data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;
      readonly dtype?: never;
    }
  | { readonly data: Uint16Array; readonly dtype: "BF16" | "F16" | "U16" }
);

/** The place of one tensor in a file that is about to be written. */
export interface SafetensorsLayoutEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

/** What a safetensors file can say beside its tensors. */
export interface WriteSafetensorsOptions {
  /** Written as `__metadata__`, in the given order; left out where empty. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Takes the data of a safetensors file piece by piece. */
export interface SafetensorsWriter {
  /** Appends the next bytes of the data; pieces need not end where tensors do. */
  readonly append: (bytes: ArrayBufferView) => Promise<void>;
  /** Ends the file and puts it in its place. */
  readonly close: () => Promise<void>;
  /** Gives up and removes what was written. */
  readonly discard: () => Promise<void>;
}

/**
 * Writes a safetensors file: the same arguments give the same bytes. Wider element types come first, so that every
 * tensor is aligned to its element; within a width the given order stands.
 *
 * The file appears whole or not at all.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where data and shape differ or a name occurs twice; `disk-full`,
 * `unwritable-file`.
 *
 * @example
 * await writeSafetensors("noise.safetensors", [
 *   { name: "noise", shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) },
 * ]);
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  options: WriteSafetensorsOptions = {},
): Promise<void> {
  const placed = tensors
    .map((tensor) => ({ tensor, dtype: tensor.dtype ?? inferDtype(tensor.data) }))
    .sort((a, b) => SAFETENSORS_DTYPE_BYTES[b.dtype] - SAFETENSORS_DTYPE_BYTES[a.dtype]);
  for (const { tensor } of placed) {
    const expected = elementCount(tensor.shape);
    if (tensor.data.length !== expected) {
      throw new FluxRuntimeError(
        "invalid-argument",
        `The tensor "${tensor.name}" of shape [${tensor.shape.join(", ")}] needs ${expected} elements, but its data has ${tensor.data.length}. Correct one of the two.`,
        { tensor: tensor.name, shape: tensor.shape, expected, received: tensor.data.length },
      );
    }
  }
  const layout = placed.map(({ tensor: { name, shape }, dtype }) => ({ name, dtype, shape }));
  const writer = await createSafetensorsWriter(path, layout, options);
  for (const { tensor } of placed) await writer.append(tensor.data);
  await writer.close();
}

/**
 * Begins a safetensors file whose layout is known before its data, so that a file larger than the memory can be
 * written. The data must then be appended in the order of `layout`, little-endian.
 *
 * @param layout - In the order of the bytes.
 * @throws {FluxRuntimeError} `invalid-argument` where a name occurs twice, or an entry would not be aligned to its
 * element size; from `append` where more comes than the layout holds, from `close` where less came; `disk-full`,
 * `unwritable-file`.
 */
export async function createSafetensorsWriter(
  path: string,
  layout: readonly SafetensorsLayoutEntry[],
  { metadata = {} }: WriteSafetensorsOptions = {},
): Promise<SafetensorsWriter> {
  const { header, dataLength } = encodeHeader(layout, metadata);
  const file = await openAside(path);
  await file.write(header);
  let written = 0;
  const wrongLength = async (received: number): Promise<FluxRuntimeError> => {
    await file.discard();
    return new FluxRuntimeError(
      "invalid-argument",
      `The layout of ${path} holds ${dataLength} bytes of data, but ${received} came; the unfinished file was removed. Append exactly the bytes of the layout.`,
      { path, expected: dataLength, received },
    );
  };
  return {
    append: async (bytes) => {
      if (written + bytes.byteLength > dataLength) throw await wrongLength(written + bytes.byteLength);
      await file.write(bytes);
      written += bytes.byteLength;
    },
    close: async () => {
      if (written !== dataLength) throw await wrongLength(written);
      await file.commit();
    },
    discard: file.discard,
  };
}

function encodeHeader(
  layout: readonly SafetensorsLayoutEntry[],
  metadata: Readonly<Record<string, string>>,
): { readonly header: Uint8Array; readonly dataLength: number } {
  // Built key by key as text: an object would put names such as "0" first.
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const names = new Set(["__metadata__"]);
  let end = 0;
  for (const { name, dtype, shape } of layout) {
    const elementBytes = SAFETENSORS_DTYPE_BYTES[dtype];
    if (names.has(name)) {
      throw new FluxRuntimeError(
        "invalid-argument",
        `The name "${name}" is taken in this safetensors file: names must differ, and "__metadata__" is reserved. Rename the tensor.`,
        { tensor: name },
      );
    }
    if (end % elementBytes !== 0) {
      throw new FluxRuntimeError(
        "invalid-argument",
        `The tensor "${name}" of ${dtype} would begin at byte ${end} of the data, which is no multiple of its ${elementBytes} bytes. Put wider element types first.`,
        { tensor: name, dtype, offset: end },
      );
    }
    names.add(name);
    const begin = end;
    end += elementCount(shape) * elementBytes;
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const json = Buffer.from(`{${fields.join(",")}}`);
  const padded = Math.ceil(json.byteLength / 8) * 8;
  const header = Buffer.alloc(8 + padded, " ");
  header.writeBigUInt64LE(BigInt(padded));
  json.copy(header, 8);
  return { header, dataLength: end };
}

function inferDtype(
  data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array,
): SafetensorsDtype {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof BigInt64Array) return "I64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Uint8Array) return "U8";
  throw new FluxRuntimeError(
    "invalid-argument",
    "Sixteen-bit data can be BF16, F16 or U16, and nothing said which. Give the tensor a dtype.",
    {},
  );
}
