import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { SAFETENSORS_DTYPE_BYTES, isSafetensorsDtype } from "./safetensors-dtype.ts";
import type { SafetensorsDtype } from "./safetensors-dtype.ts";

/** Where one tensor lies in its file. */
export interface SafetensorsEntry {
  /** The element type, as the header spells it. */
  readonly dtype: SafetensorsDtype;
  /** Axes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** From the start of the file, in bytes. */
  readonly byteOffset: number;
  /** Bytes of the tensor: its elements times the size of one. */
  readonly byteLength: number;
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  /** The file's own key-value pairs; empty where it has none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** Size of the whole file in bytes. */
  readonly fileSize: number;
  /** Where the data begins: 8 + the header's length, in bytes. */
  readonly dataOffset: number;
}

/**
 * The longest header that is read, in bytes. It is the limit of the format's own reader, and it keeps eight
 * hostile bytes at the head of a file from asking for gigabytes of memory. Klein's largest header has about 30 kB.
 */
export const LARGEST_HEADER_BYTES = 100_000_000;

const LENGTH_BYTES = 8;

/**
 * Reads the header of a safetensors file and checks that it accounts for every byte of the file; no tensor is read.
 *
 * @throws {FluxRuntimeError} `unreadable-file` where the file cannot be opened; `malformed-safetensors` where it is
 * cut short, is no safetensors file, or its offsets overlap, leave holes, run backwards, run beyond the end or do
 * not fit dtype and shape; `unsupported-dtype` for an element type that is not in the format's own.
 *
 * Source: the format's description in the safetensors README and `SafeTensors::read_metadata` of its Rust crate.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "unreadable-file",
      `The safetensors file ${path} cannot be opened (${reason}). Check the path and the permissions.`,
      { path },
      { cause },
    );
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) {
      throw new FluxRuntimeError(
        "unreadable-file",
        `${path} is not a file, but a safetensors file was expected there. Give the path of the file itself.`,
        { path },
      );
    }
    const headerBytes = await readHeaderBytes(file, { path, fileSize: stats.size });
    const dataOffset = LENGTH_BYTES + headerBytes.byteLength;
    const json = parseHeader(headerBytes, path);
    return {
      ...collectTensors(json, { path, dataOffset, fileSize: stats.size }),
      fileSize: stats.size,
      dataOffset,
    };
  } finally {
    await file.close();
  }
}

async function readHeaderBytes(
  file: FileHandle,
  { path, fileSize }: { readonly path: string; readonly fileSize: number },
): Promise<Uint8Array> {
  if (fileSize < LENGTH_BYTES) {
    throw malformed(
      path,
      `it has ${fileSize} bytes, but the length of the header alone takes ${LENGTH_BYTES}. The file is cut short or empty: fetch it again`,
      { fileSize },
    );
  }
  const length = Buffer.alloc(LENGTH_BYTES);
  await file.read(length, 0, LENGTH_BYTES, 0);
  const headerLength = length.readBigUInt64LE();
  if (headerLength > BigInt(LARGEST_HEADER_BYTES)) {
    throw malformed(
      path,
      `its first 8 bytes give a header of ${headerLength.toString()} bytes, more than the ${LARGEST_HEADER_BYTES} that the format allows. It is probably another kind of file: check what it is`,
      { headerLength: headerLength.toString(), limit: LARGEST_HEADER_BYTES, fileSize },
    );
  }
  const expected = Number(headerLength);
  if (LENGTH_BYTES + expected > fileSize) {
    throw malformed(
      path,
      `its header should end at byte ${LENGTH_BYTES + expected}, but the file has ${fileSize} bytes. The file is cut short, or no safetensors file: fetch it again`,
      { headerLength: expected, fileSize },
    );
  }
  const header = new Uint8Array(expected);
  const { bytesRead } = await file.read(header, 0, expected, LENGTH_BYTES);
  if (bytesRead !== expected) {
    throw malformed(
      path,
      `only ${bytesRead} of the header's ${expected} bytes could be read. The file changed while it was read: try again`,
      { headerLength: expected, bytesRead },
    );
  }
  return header;
}

function parseHeader(bytes: Uint8Array, path: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw malformed(
      path,
      `its header is not JSON in UTF-8 (${reason}). It is damaged or another kind of file: fetch it again`,
      { headerLength: bytes.byteLength },
      cause,
    );
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw malformed(path, "its header is JSON, but no object of tensors. It is no safetensors file", {});
  }
  // An object from JSON.parse has string keys and unknown values.
  return json as Readonly<Record<string, unknown>>;
}

const metadataSchema = z.record(z.string(), z.string());
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});

interface DataPlace {
  readonly path: string;
  readonly dataOffset: number;
  readonly fileSize: number;
}

function collectTensors(
  json: Readonly<Record<string, unknown>>,
  { path, dataOffset, fileSize }: DataPlace,
): Pick<SafetensorsHeader, "metadata" | "tensors"> {
  let metadata: Readonly<Record<string, string>> = {};
  const entries: [name: string, entry: SafetensorsEntry][] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === "__metadata__") {
      const parsed = metadataSchema.safeParse(value);
      if (!parsed.success) {
        throw malformed(path, "its __metadata__ is not an object of strings. Write the file again", {
          metadata: value,
        });
      }
      metadata = parsed.data;
    } else {
      entries.push([name, readEntry(name, value, { path, dataOffset, fileSize })]);
    }
  }

  // Empty tensors share their offset with the next one: the shorter first, so that it does not look like an overlap.
  entries.sort(
    ([, a], [, b]) =>
      a.byteOffset - b.byteOffset || a.byteOffset + a.byteLength - (b.byteOffset + b.byteLength),
  );
  let end = dataOffset;
  let previous = "the header";
  for (const [name, { byteOffset, byteLength }] of entries) {
    if (byteOffset !== end) {
      const kind = byteOffset < end ? "overlaps" : "leaves a hole after";
      throw malformed(
        path,
        `the tensor "${name}" ${kind} ${previous}: it should begin at byte ${end}, but begins at byte ${byteOffset}. Write or fetch the file again`,
        { tensor: name, expectedOffset: end, byteOffset },
      );
    }
    end = byteOffset + byteLength;
    previous = `"${name}"`;
  }
  if (end !== fileSize) {
    throw malformed(
      path,
      `${fileSize - end} bytes after ${previous} belong to no tensor: the data should end at byte ${end}, but the file has ${fileSize}. Write or fetch the file again`,
      { expectedSize: end, fileSize },
    );
  }
  return { metadata, tensors: new Map(entries) };
}

function readEntry(
  name: string,
  value: unknown,
  { path, dataOffset, fileSize }: DataPlace,
): SafetensorsEntry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    throw malformed(
      path,
      `the header's entry for "${name}" is not { dtype, shape, data_offsets: [begin, end] } (${z.prettifyError(parsed.error)}). It is damaged or no safetensors file`,
      { tensor: name },
    );
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const [begin, end] = data_offsets;
  if (!isSafetensorsDtype(dtype)) {
    throw new FluxRuntimeError(
      "unsupported-dtype",
      `The tensor "${name}" in ${path} has the unknown element type "${dtype}"; known are ${Object.keys(SAFETENSORS_DTYPE_BYTES).join(", ")}. Convert the checkpoint to one of them.`,
      { path, tensor: name, dtype },
    );
  }
  const byteLength = end - begin;
  if (byteLength < 0) {
    throw malformed(
      path,
      `the offsets of "${name}" run backwards, from ${begin} to ${end}. Write or fetch the file again`,
      { tensor: name, begin, end },
    );
  }
  // Not elementCount: a hostile shape may overflow, and then it simply is not the byte length.
  const expected = shape.reduce((count, axis) => count * axis, SAFETENSORS_DTYPE_BYTES[dtype]);
  if (byteLength !== expected) {
    throw malformed(
      path,
      `the tensor "${name}" of ${dtype} [${shape.join(", ")}] needs ${expected} bytes, but its offsets [${begin}, ${end}] hold ${byteLength}. Write or fetch the file again`,
      { tensor: name, dtype, shape, expectedBytes: expected, byteLength },
    );
  }
  if (dataOffset + end > fileSize) {
    throw malformed(
      path,
      `the tensor "${name}" should end at byte ${dataOffset + end}, but the file has ${fileSize} bytes. The file is cut short: fetch it again`,
      { tensor: name, expectedSize: dataOffset + end, fileSize },
    );
  }
  return { dtype, shape, byteOffset: dataOffset + begin, byteLength };
}

function malformed(
  path: string,
  reason: string,
  details: Readonly<Record<string, unknown>>,
  cause?: unknown,
): FluxRuntimeError {
  return new FluxRuntimeError(
    "malformed-safetensors",
    `${path} is not a whole safetensors file: ${reason}.`,
    { path, ...details },
    { cause },
  );
}
