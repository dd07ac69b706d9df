import { createHash } from "node:crypto";
import { mkdir, realpath, stat, statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import { readTensorBytes } from "../checkpoint/read-safetensors.ts";
import { SAFETENSORS_DTYPE_BYTES } from "../checkpoint/safetensors-dtype.ts";
import { createSafetensorsWriter, type SafetensorsWriter } from "../checkpoint/write-safetensors.ts";
import { sweepUnfinished } from "../disk/sweep-unfinished.ts";
import { waitForFolder } from "../disk/wait-for-folder.ts";
import { FluxRuntimeError } from "../errors.ts";
import { cacheFolder } from "../hub/cache-folder.ts";
import { pathExists } from "../path-exists.ts";
import { elementCount } from "../tensor.ts";
import { dequantize } from "./dequantize.ts";
import { GGUF_TYPES, type GgufStorage } from "./gguf-types.ts";
import { renameLlamaTensor } from "./llama-names.ts";
import { readGgufHeader, type GgufTensor } from "./read-gguf-header.ts";

/** Part of each copy's name: another number if the same file is converted to other bytes. */
const CONVERSION_VERSION = 1;

/** Numbers that are widened at a time: 64 MB of float32. */
const PIECE = 1 << 24;

/** Whether a path names a GGUF file. */
export function isGgufFile(path: string): boolean {
  return /\.gguf$/i.test(path);
}

/** The folder below the cache that holds every converted GGUF file. */
export function ggufWeightsFolder(): string {
  return join(cacheFolder(), "gguf-weights");
}

/**
 * The weights of a GGUF file as a safetensors file, which is written to the cache folder the first time, and found again as long as
 * the GGUF file has its place, size and date. Quantised tensors become float32, others keep their type. Names of llama.cpp become
 * those of transformers.
 *
 * @returns The path of the safetensors file.
 * @throws {FluxRuntimeError} as `readGgufHeader` does; `unsupported-weights` if a tensor is of a type that is not read;
 * `disk-full`, before anything is written if the room is seen to be too little; `unwritable-file`.
 */
export async function provideGgufWeights(path: string): Promise<string> {
  const tensors = await readGgufHeader(path);
  const stored = tensors.map((tensor) => ({ ...tensor, storage: requireStorage(path, tensors, tensor) }));
  const { size, mtimeMs } = await stat(path);
  const facts = JSON.stringify([CONVERSION_VERSION, await realpath(path), size, mtimeMs]);
  const key = createHash("sha256").update(facts).digest("hex").slice(0, 16);
  const folder = join(ggufWeightsFolder(), `${basename(path).replace(/\.gguf$/i, "")}-${key}`);
  const target = join(folder, "model.safetensors");
  if (await pathExists(target)) return target;

  await mkdir(folder, { recursive: true });
  const lock = await waitForFolder(folder);
  try {
    if (await pathExists(target)) return target; // by who had the folder before
    await sweepUnfinished(folder);
    await requireRoom(folder, stored);
    await convert(path, stored, target);
    return target;
  } finally {
    await lock.release();
  }
}

interface StoredTensor extends GgufTensor {
  readonly storage: GgufStorage;
}

function requireStorage(path: string, tensors: readonly GgufTensor[], { storage }: GgufTensor): GgufStorage {
  if (storage !== undefined) return storage;
  const unread = tensors.filter((tensor) => tensor.storage === undefined);
  const types = [...new Set(unread.map(({ type }) => type))];
  const [first] = unread;
  throw new FluxRuntimeError(
    "unsupported-weights",
    `${path} holds ${unread.length} tensors of ${types.join(", ")}, ${first?.name ?? ""} among them; read are ${GGUF_TYPES.join(", ")}. Use a file of one of these, such as Q8_0 or Q4_K_M.`,
    { path, types, expected: GGUF_TYPES, tensor: first?.name },
  );
}

function dtypeOf(storage: GgufStorage): "F32" | "F16" | "BF16" {
  return storage.kind === "plain" ? storage.dtype : "F32";
}

function bytesOf({ storage, shape }: StoredTensor): number {
  return elementCount(shape) * SAFETENSORS_DTYPE_BYTES[dtypeOf(storage)];
}

async function requireRoom(folder: string, tensors: readonly StoredTensor[]): Promise<void> {
  const bytes = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  const gigabytes = (count: number): string => `${(count / 1e9).toFixed(1)} GB`;
  throw new FluxRuntimeError(
    "disk-full",
    `The disk has too little room: the weights of a GGUF file take ${gigabytes(bytes)} in ${folder} when they are widened, and ${gigabytes(free)} are free. Free some room, or set MEASURE_PLANTAIN_CACHE to a folder with more.`,
    { folder, expected: bytes, received: free },
  );
}

async function convert(path: string, tensors: readonly StoredTensor[], target: string): Promise<void> {
  const isLlama = tensors.some(({ name }) => /^blk\.\d+\./.test(name));
  const layout = tensors
    .map((tensor) => {
      const name = isLlama ? renameLlamaTensor(tensor.name) : tensor.name;
      return { name, tensor, shape: tensor.shape, dtype: dtypeOf(tensor.storage) };
    })
    .sort((one, other) => SAFETENSORS_DTYPE_BYTES[other.dtype] - SAFETENSORS_DTYPE_BYTES[one.dtype]);
  const writer = await createSafetensorsWriter(target, layout);
  try {
    for (const { tensor } of layout) await appendTensor(path, tensor, writer);
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

async function appendTensor(
  path: string,
  { storage, shape, byteOffset, byteLength }: StoredTensor,
  { append }: SafetensorsWriter,
): Promise<void> {
  const block = storage.kind === "plain" ? { length: 1, bytes: storage.bytes } : storage.format;
  const piece = Math.floor(PIECE / block.length) * block.bytes;
  for (let start = 0; start < byteLength; start += piece) {
    const length = Math.min(piece, byteLength - start);
    const place = { dtype: "U8", shape, byteOffset: byteOffset + start, byteLength: length } as const;
    const bytes = new Uint8Array(await readTensorBytes(path, place));
    await append(storage.kind === "plain" ? bytes : dequantize(bytes, storage.format));
  }
}
