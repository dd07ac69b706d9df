import { open } from "node:fs/promises";
import { FluxRuntimeError } from "../errors.ts";
import { nameOfType, storageOfType, type GgufStorage } from "./gguf-types.ts";

/** A tensor of a GGUF file. */
export interface GgufTensor {
  readonly name: string;
  /** What ggml calls its type. */
  readonly type: string;
  /** How it is stored; undefined if its type is not read. */
  readonly storage: GgufStorage | undefined;
  /** Axes, outermost first: the file has them the other way round. */
  readonly shape: readonly number[];
  /** From the start of the file, in bytes. */
  readonly byteOffset: number;
  /** 0 for a type that is not read. */
  readonly byteLength: number;
}

/** The longest header that is read, in bytes: a tokenizer in it takes some megabytes. */
const LARGEST_HEADER = 100_000_000;
const FIRST_READ = 1 << 20;
/** More dimensions no tensor has. */
const MOST_DIMENSIONS = 4;
const DEFAULT_ALIGNMENT = 32;

/** Raised where a header goes on after what has been read of it. */
class BeyondEnd extends Error {}

/**
 * Reads the header of a GGUF file, version 2 or 3, and checks that the file holds every tensor; no tensor is read.
 *
 * Source: docs/gguf.md of ggml; ComfyUI-GGUF (loader.py) for `comfy.gguf.orig_shape`.
 *
 * @throws {FluxRuntimeError} `unreadable-file` if it cannot be opened; `malformed-gguf` if it is cut short or not a GGUF file.
 */
export async function readGgufHeader(path: string): Promise<GgufTensor[]> {
  const file = await open(path, "r").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "unreadable-file",
      `The GGUF file ${path} cannot be opened (${reason}). Check the path and the permissions.`,
      { path },
      { cause },
    );
  });
  try {
    const { size } = await file.stat();
    for (let length = Math.min(size, FIRST_READ); ; length = Math.min(size, 2 * length, LARGEST_HEADER)) {
      const bytes = new Uint8Array(length);
      await file.read(bytes, 0, length, 0);
      try {
        return parse(bytes, { path, size });
      } catch (error) {
        if (!(error instanceof BeyondEnd)) throw error;
        if (length === size || length === LARGEST_HEADER) {
          throw malformed(path, `its header does not end within ${length} bytes`);
        }
      }
    }
  } finally {
    await file.close();
  }
}

function malformed(path: string, reason: string): FluxRuntimeError {
  return new FluxRuntimeError(
    "malformed-gguf",
    `${path} is not a whole GGUF file: ${reason}. Fetch it again, or check what it is.`,
    { path },
  );
}

interface FileFacts {
  readonly path: string;
  readonly size: number;
}

function parse(bytes: Uint8Array, { path, size }: FileFacts): GgufTensor[] {
  const reader = createReader(bytes, path);
  if (reader.uint32() !== 0x46554747) throw malformed(path, 'it does not begin with "GGUF"'); // the letters, reversed
  const version = reader.uint32();
  if (version !== 2 && version !== 3)
    throw malformed(path, `its version is ${version}, where 2 or 3 is expected`);
  const [tensorCount, keyCount] = [reader.count(), reader.count()];
  const values = new Map<string, unknown>();
  for (let i = 0; i < keyCount; i += 1) {
    const key = reader.text();
    values.set(key, reader.value(reader.uint32()));
  }
  const described = [];
  for (let i = 0; i < tensorCount; i += 1) {
    const name = reader.text();
    const rank = reader.uint32();
    if (rank > MOST_DIMENSIONS) throw malformed(path, `the tensor "${name}" has ${rank} dimensions`);
    const axes = Array.from({ length: rank }, () => reader.count());
    described.push({ name, axes, type: reader.uint32(), offset: reader.count() });
  }
  const alignment = Number(values.get("general.alignment") ?? DEFAULT_ALIGNMENT);
  if (!(alignment > 0)) throw malformed(path, `its alignment is ${alignment}`);
  const dataOffset = Math.ceil(reader.at() / alignment) * alignment;
  return described.map(({ name, axes, type, offset }) => {
    const storage = storageOfType(type);
    const byteLength = storage === undefined ? 0 : bytesOf(storage, axes, { path, name });
    const byteOffset = dataOffset + offset;
    if (byteOffset + byteLength > size) {
      const end = byteOffset + byteLength;
      throw malformed(path, `the tensor "${name}" should end at byte ${end}, but the file has ${size}`);
    }
    const original = values.get(`comfy.gguf.orig_shape.${name}`);
    const shape = Array.isArray(original) ? original.map(Number) : axes.toReversed();
    if (productOf(shape) !== productOf(axes))
      throw malformed(
        path,
        `the tensor "${name}" of [${axes.join(", ")}] cannot have been [${shape.join(", ")}]`,
      );
    return { name, type: nameOfType(type), storage, shape, byteOffset, byteLength };
  });
}

function productOf(lengths: readonly number[]): number {
  return lengths.reduce((product, length) => product * length, 1);
}

/** @param axes - The innermost first. */
function bytesOf(
  storage: GgufStorage,
  axes: readonly number[],
  { path, name }: { readonly path: string; readonly name: string },
): number {
  const count = productOf(axes);
  if (storage.kind === "plain") return count * storage.bytes;
  const { length, bytes } = storage.format;
  const [row = 1] = axes;
  if (row % length === 0) return (count / length) * bytes;
  throw malformed(path, `the rows of "${name}" have ${row} numbers, which are no blocks of ${length}`);
}

/** What is read one after the other. */
interface Reader {
  at(): number;
  uint32(): number;
  /** A number of 64 bits that counts something. */
  count(): number;
  text(): string;
  /** A value of a metadata type; a list of texts is read and left out. */
  value(type: number): unknown;
}

/** The bytes of each metadata type that is a number or a truth value. */
const NUMBER_BYTES: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 },
};
const TEXT = 8;
const LIST = 9;

function createReader(bytes: Uint8Array, path: string): Reader {
  const view = new DataView(bytes.buffer);
  let at = 0;
  const take = (length: number): number => {
    const start = at;
    at += length;
    if (at > bytes.length) throw new BeyondEnd();
    return start;
  };
  const uint32 = (): number => view.getUint32(take(4), true);
  const count = (): number => {
    const number = view.getBigUint64(take(8), true);
    if (number <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(number);
    throw malformed(path, `a count in it is ${number.toString()}`);
  };
  const text = (): string => {
    const length = count();
    if (length > LARGEST_HEADER) throw malformed(path, `a text in its header has ${length} bytes`);
    const start = take(length);
    return new TextDecoder().decode(bytes.subarray(start, start + length));
  };
  const numberOf = (type: number, length: number): unknown => {
    const start = take(length);
    if (type === 4) return view.getUint32(start, true);
    if (type === 5) return view.getInt32(start, true);
    return type === 10 || type === 11 ? view.getBigInt64(start, true) : undefined; // no other is used
  };
  const value = (type: number): unknown => {
    const length = NUMBER_BYTES[type];
    if (length !== undefined) return numberOf(type, length);
    if (type === TEXT) return text();
    if (type !== LIST) throw malformed(path, `a value in its header has the unknown type ${type}`);
    const [elementType, elements] = [uint32(), count()];
    if (elements > LARGEST_HEADER) throw malformed(path, `a list in its header has ${elements} elements`);
    if (elementType === LIST) throw malformed(path, "a list in its header is of lists"); // deep ones would exhaust the stack
    const list = [];
    for (let i = 0; i < elements; i += 1) list.push(value(elementType));
    return list;
  };
  return { at: () => at, uint32, count, text, value };
}
