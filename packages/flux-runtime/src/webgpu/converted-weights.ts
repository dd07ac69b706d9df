import { createHash } from "node:crypto";
import { mkdir, readFile, stat, statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { openComponentWeights, type ComponentWeights } from "../checkpoint/component-weights.ts";
import type { LocatedWeight } from "../checkpoint/located-weight.ts";
import { writeSafetensors } from "../checkpoint/write-safetensors.ts";
import { hashFile } from "../disk/hash-file.ts";
import { sweepUnfinished } from "../disk/sweep-unfinished.ts";
import { waitForFolder, type FolderHolder } from "../disk/wait-for-folder.ts";
import { writeFileWhole } from "../disk/write-aside.ts";
import { FluxRuntimeError } from "../errors.ts";
import { cacheFolder } from "../hub/cache-folder.ts";
import type { RequiredTensor } from "../models/list-tensors.ts";
import { pathExists } from "../path-exists.ts";
import { startStage, type OnProgress } from "../progress.ts";
import { elementCount } from "../tensor.ts";
import { convertWeight, isStoredInHalf, type StoredType } from "./convert-weight.ts";

/** Part of each copy's name: another number where the same weights are converted to other bytes. */
const CONVERSION_VERSION = 2;

const INDEX = "model.safetensors.index.json";
const SUFFIX = ".safetensors";

/** How weights are converted. */
export interface ConvertWeightsOptions {
  readonly storedType: StoredType;
  /** Ends the conversion; what is converted by then is kept for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Told of every converted weight, in bytes of the checkpoint's; not at all where the copy is there. */
  readonly onProgress?: OnProgress | undefined;
  /** Told once who makes the same copy, if another process does. */
  readonly onWait?: ((holder: FolderHolder) => void) | undefined;
}

/** The folder below the cache that holds every converted copy. */
export function convertedWeightsFolder(): string {
  return join(cacheFolder(), "webgpu-weights");
}

/**
 * The copy of a component's weights that WebGPU's graphs read: kept in the cache folder, found again as long as the weight files
 * have their places, sizes and dates. Each weight is converted when a graph first reads it, into a file of its own, which
 * appears whole or not at all: an interrupted conversion goes on where it stopped, another graph of the same component adds
 * what it reads, and a file whose bytes are no longer those that were written is made again.
 *
 * @param required - What a graph reads, with the layout of each tensor.
 * @throws {FluxRuntimeError} `disk-full`, before anything is written where the room is seen to be too little;
 * `unwritable-file`; `missing-tensor`; as `readTensor` does; else the signal's reason.
 */
export async function openConvertedWeights(
  weights: ComponentWeights,
  required: readonly RequiredTensor[],
  options: ConvertWeightsOptions,
): Promise<ComponentWeights> {
  const sources = required.map((tensor) => ({ ...tensor, weight: locateSource(weights, tensor) }));
  const key = await fingerprint(weights, options.storedType);
  const folder = join(convertedWeightsFolder(), `${basename(weights.folder)}-${key}`);
  if (!(await isWhole(folder, sources, options.signal))) {
    await convert(sources, folder, { ...options, source: weights.folder });
  }
  const copy = await openComponentWeights(folder);
  const withHalves = (name: string, weight: LocatedWeight): LocatedWeight => {
    const halves = weights.tensors.get(name)?.halves;
    return halves === undefined ? weight : { ...weight, halves };
  };
  return { ...copy, locate: (name, shape) => withHalves(name, copy.locate(name, shape)) };
}

interface Source extends RequiredTensor {
  readonly weight: LocatedWeight;
}

function locateSource(weights: ComponentWeights, { name, shape, layout }: RequiredTensor): LocatedWeight {
  return weights.locate(name, layout === "transposed" ? shape.toReversed() : shape);
}

/** Of all weights of a component, whichever of them are read. */
async function fingerprint({ tensors }: ComponentWeights, storedType: StoredType): Promise<string> {
  const files = [...new Set([...tensors.values()].map(({ file }) => file))].sort();
  const dates = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [file, size, mtimeMs];
    }),
  );
  const places = [...tensors].map(([name, { dtype, shape, byteOffset, file, scale }]) => [
    ...[name, dtype, shape, byteOffset, file],
    ...(scale === undefined ? [] : [scale.byteOffset, scale.file]),
  ]);
  const described = JSON.stringify([CONVERSION_VERSION, storedType, dates, places]);
  return createHash("sha256").update(described).digest("hex").slice(0, 16);
}

/** What a file of the copy was when it was written. */
interface WrittenFile {
  readonly sha256: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** As other indexes of weight files, with what each file was. */
const indexSchema = z.object({
  metadata: z.object({
    source: z.string(),
    files: z.record(z.string(), z.object({ sha256: z.string(), size: z.number(), mtimeMs: z.number() })),
  }),
  weight_map: z.record(z.string(), z.string()),
});

/** The files of a copy whose index is there, which is written last; none where it is not. */
async function readIndex(folder: string): Promise<ReadonlyMap<string, WrittenFile>> {
  const text = await readFile(join(folder, INDEX), "utf8").catch(() => "");
  try {
    return new Map(Object.entries(indexSchema.parse(JSON.parse(text)).metadata.files));
  } catch {
    return new Map();
  }
}

async function isWhole(
  folder: string,
  sources: readonly Source[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const files = await readIndex(folder);
  for (const { name } of sources) {
    const written = files.get(fileOf(name));
    if (written === undefined) return false;
    if (!(await isAsWritten(join(folder, fileOf(name)), written, signal))) return false;
  }
  return true;
}

/** A file of another date, as after a restored backup, is read once more each time. */
async function isAsWritten(
  path: string,
  { sha256, size, mtimeMs }: WrittenFile,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found?.size !== size) return false;
  return found.mtimeMs === mtimeMs || (await hashFile(path, { signal })) === sha256;
}

async function convert(
  sources: readonly Source[],
  folder: string,
  { storedType, signal, onProgress, onWait, source }: ConvertWeightsOptions & { readonly source: string },
): Promise<void> {
  await makeFolder(folder);
  const lock = await waitForFolder(folder, { signal, onWait });
  try {
    if (await isWhole(folder, sources, signal)) return; // by who had the folder before
    await sweepUnfinished(folder);
    const before = await readIndex(folder);
    const isKept = async ({ name }: Source): Promise<boolean> => {
      const [path, written] = [join(folder, fileOf(name)), before.get(fileOf(name))];
      return written === undefined ? pathExists(path) : isAsWritten(path, written, signal);
    };
    const missing: Source[] = [];
    for (const tensor of sources) if (!(await isKept(tensor))) missing.push(tensor);
    await requireRoom(folder, missing, storedType);
    const report = startStage(onProgress, {
      stage: "converting weights for WebGPU",
      unit: "bytes",
      total: sumOf(missing.map(({ weight }) => weight.byteLength)),
    });
    let done = 0;
    for (const { weight, ...tensor } of missing) {
      signal?.throwIfAborted();
      const path = join(folder, fileOf(tensor.name));
      await writeSafetensors(path, await convertWeight(weight, tensor, storedType));
      report((done += weight.byteLength));
    }
    await writeIndex(folder, sources, { source, before, signal });
  } finally {
    await lock.release();
  }
}

/** What the index of a copy is made of. */
interface IndexParts {
  /** The folder of the weights that were converted, for people. */
  readonly source: string;
  /** What the index held. */
  readonly before: ReadonlyMap<string, WrittenFile>;
  readonly signal: AbortSignal | undefined;
}

async function writeIndex(
  folder: string,
  sources: readonly Source[],
  { source, before, signal }: IndexParts,
): Promise<void> {
  const files = new Map(before);
  for (const { name } of sources) {
    const path = join(folder, fileOf(name));
    const { size, mtimeMs } = await stat(path);
    const known = before.get(fileOf(name));
    if (known?.size === size && known.mtimeMs === mtimeMs) continue;
    files.set(fileOf(name), { sha256: await hashFile(path, { signal }), size, mtimeMs });
  }
  const index: z.infer<typeof indexSchema> = {
    metadata: { source, files: Object.fromEntries(files) },
    weight_map: Object.fromEntries([...files.keys()].map((file) => [tensorOf(file), file])),
  };
  await writeFileWhole(join(folder, INDEX), `${JSON.stringify(index, null, 2)}\n`);
}

function fileOf(tensor: string): string {
  return `${tensor}${SUFFIX}`;
}

function tensorOf(file: string): string {
  return file.slice(0, -SUFFIX.length);
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "unwritable-file",
      `The folder ${folder} for weights that are converted for WebGPU cannot be made (${reason}). Make its parent writable, or set MEASURE_PLANTAIN_CACHE to another folder.`,
      { folder },
      { cause },
    );
  });
}

async function requireRoom(
  folder: string,
  missing: readonly Source[],
  storedType: StoredType,
): Promise<void> {
  const bytes = sumOf(
    missing.map(({ shape, weight }) => elementCount(shape) * (isStoredInHalf(weight, storedType) ? 2 : 4)),
  );
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  throw new FluxRuntimeError(
    "disk-full",
    `The disk has too little room: weights that are converted for WebGPU take ${gigabytes(bytes)} more in ${folder}, and ${gigabytes(free)} are free. Free some room, or set MEASURE_PLANTAIN_CACHE to a folder with more.`,
    { folder, expected: bytes, received: free },
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
