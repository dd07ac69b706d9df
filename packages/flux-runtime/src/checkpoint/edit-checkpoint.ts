import { copyFile, link, mkdir, open, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { listConfigurationFiles, listWeightFiles } from "./list-checkpoint-files.ts";
import { isFloat8Dtype } from "./float8.ts";
import { encodeBfloat16, encodeFloat16 } from "./half-precision.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { LocatedWeight } from "./located-weight.ts";
import { readTensor } from "./read-safetensors.ts";
import { SAFETENSORS_DTYPE_BYTES } from "./safetensors-dtype.ts";
import { readSafetensorsHeader, type SafetensorsEntry } from "./safetensors-header.ts";
import { writeCheckpointFolder } from "./write-checkpoint-folder.ts";
import { createSafetensorsWriter, type SafetensorsWriter } from "./write-safetensors.ts";

/** Bytes of an unchanged tensor that are held at a time. */
const CHUNK = 1 << 24;

/** Makes new values of a weight from its old ones, which it leaves as they are; same shape, same order. */
export type WeightEdit = (weight: Tensor) => Float32Array;

/** Which weights become what. */
export interface EditCheckpointOptions {
  /** New values for weights of the transformer, by name. */
  readonly transformer: ReadonlyMap<string, WeightEdit>;
  /** Put into the header of every file that is written anew, so that it can be told from its original. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a checkpoint that is another one with some weights changed, in their own element type. Only the weight files
 * that hold a changed tensor are written; the others are hard links, or copies if they lie on another disk. A model that
 * was given as a file of its own stays one file, under the names that its tensors have there. A tensor in fp8 of which something is
 * changed becomes float32, and its scale 1.
 *
 * The folder appears whole or not at all.
 *
 * @throws {FluxRuntimeError} `missing-tensor` if a name is not a weight of the transformer; `unsupported-dtype` if a weight
 * is neither BF16, F32 nor fp8; `invalid-argument` for an edit of another length; `disk-full`; `unwritable-file`;
 * `existing-folder`.
 */
export async function editCheckpoint(
  checkpoint: Checkpoint,
  folder: string,
  { transformer, metadata = {} }: EditCheckpointOptions,
): Promise<void> {
  const edits = [...transformer].map(([name, edit]) => ({
    weight: findWeight(checkpoint, name),
    name,
    edit,
  }));
  await writeCheckpointFolder(folder, async (aside) => {
    const files = [...(await listConfigurationFiles(checkpoint)), ...(await listWeightFiles(checkpoint))];
    for (const { path, source } of files) {
      const to = join(aside, path);
      await mkdir(dirname(to), { recursive: true });
      const own = edits.filter(({ weight }) => resolve(weight.file) === resolve(source));
      const scales = edits.flatMap(({ weight: { scale } }) =>
        scale !== undefined && resolve(scale.file) === resolve(source) ? [scale] : [],
      );
      if (own.length + scales.length > 0) await rewriteFile(source, to, { edits: own, scales, metadata });
      else await linkOrCopy(source, to);
    }
  });
}

/** A change of one weight, which may be a part of a tensor in its file. */
interface LocatedEdit {
  readonly name: string;
  readonly weight: LocatedWeight;
  readonly edit: WeightEdit;
}

function findWeight({ transformer: { weights } }: Checkpoint, name: string): LocatedWeight {
  const weight = weights.tensors.get(name);
  if (weight !== undefined) return weight;
  throw new FluxRuntimeError(
    "missing-tensor",
    `${weights.folder} holds no tensor ${name} that could be changed. Name a weight of the transformer as diffusers does.`,
    { folder: weights.folder, tensor: name },
  );
}

/** Links are followed: a Hugging Face cache is made of them, and they may be relative. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  const real = await realpath(from);
  await link(real, to).catch(() => copyFile(real, to));
}

/** What is changed in one file. */
interface FileEdits {
  readonly edits: readonly LocatedEdit[];
  /** The scales of changed weights. */
  readonly scales: readonly LocatedWeight[];
  readonly metadata: Readonly<Record<string, string>>;
}

async function rewriteFile(from: string, to: string, { edits, scales, metadata }: FileEdits): Promise<void> {
  const header = await readSafetensorsHeader(from);
  const layout = [...header.tensors]
    .map(([name, entry]) => {
      const widened = edits.filter(({ weight }) => isQuantized(weight) && lies(weight, entry));
      return { name, entry, shape: entry.shape, widened, dtype: widened.length > 0 ? "F32" : entry.dtype };
    })
    .sort((one, other) => SAFETENSORS_DTYPE_BYTES[other.dtype] - SAFETENSORS_DTYPE_BYTES[one.dtype]);
  const inOrder = edits.toSorted((left, right) => left.weight.byteOffset - right.weight.byteOffset);
  const writer = await createSafetensorsWriter(to, layout, { metadata: { ...header.metadata, ...metadata } });
  try {
    for (const { entry, widened } of layout) {
      if (widened.length > 0) {
        await writer.append(await widen(entry, widened));
        continue;
      }
      if (scales.some((scale) => lies(scale, entry))) {
        await writer.append(ones(entry));
        continue;
      }
      const { byteOffset, byteLength } = entry;
      const end = byteOffset + byteLength;
      let start = byteOffset;
      for (const { name, weight, edit } of inOrder) {
        if (weight.byteOffset < start || weight.byteOffset >= end) continue;
        await copyBytes(from, { start, end: weight.byteOffset }, writer);
        await writer.append(encode(name, weight, await applyEdit(weight, edit)));
        start = weight.byteOffset + weight.byteLength;
      }
      await copyBytes(from, { start, end }, writer);
    }
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** Whether a changed weight has values that its type, or its type and scale together, do not have. */
function isQuantized({ dtype, scale }: LocatedWeight): boolean {
  return isFloat8Dtype(dtype) || scale !== undefined;
}

/** Whether a weight is a tensor of the same file, or a part of it. */
function lies(weight: SafetensorsEntry, { byteOffset, byteLength }: SafetensorsEntry): boolean {
  return weight.byteOffset >= byteOffset && weight.byteOffset < byteOffset + byteLength;
}

/** The values in float32 of a quantised tensor of which some weights are changed. */
async function widen(entry: SafetensorsEntry, edits: readonly LocatedEdit[]): Promise<Float32Array> {
  const [first] = edits as readonly [LocatedEdit]; // it is there, or nothing would be widened
  const { scale, file } = first.weight;
  const { data } = await readTensor(file, { ...entry, ...(scale && { scale: await wholeTensor(scale) }) });
  for (const { name, weight, edit } of edits) {
    const start = (weight.byteOffset - entry.byteOffset) / SAFETENSORS_DTYPE_BYTES[entry.dtype];
    const values = await applyEdit(weight, edit);
    requireLength(name, weight, values);
    data.set(values, start);
  }
  return data;
}

/** The tensor that a weight is, or that its rows are a part of. */
async function wholeTensor(weight: LocatedWeight): Promise<LocatedWeight> {
  const { tensors } = await readSafetensorsHeader(weight.file);
  return { ...weight, ...[...tensors.values()].find((entry) => lies(weight, entry)) };
}

/** The bytes of a scale that changes nothing. */
function ones({ dtype, shape }: SafetensorsEntry): ArrayBufferView {
  const values = new Float32Array(elementCount(shape)).fill(1);
  if (dtype === "BF16") return encodeBfloat16(values);
  return dtype === "F16" ? encodeFloat16(values) : values;
}

/** The new values in the order of the file. */
async function applyEdit(weight: LocatedWeight, edit: WeightEdit): Promise<Float32Array> {
  const tensor = await readTensor(weight.file, weight);
  if (weight.halves === undefined) return edit(tensor);
  return exchangeHalves(edit({ ...tensor, data: exchangeHalves(tensor.data) }));
}

function exchangeHalves(values: Float32Array): Float32Array {
  const half = values.length / 2;
  const exchanged = new Float32Array(values.length);
  exchanged.set(values.subarray(half));
  exchanged.set(values.subarray(0, half), values.length - half);
  return exchanged;
}

/** Copies the bytes of a file from `start` to before `end`. */
async function copyBytes(
  path: string,
  { start, end }: { readonly start: number; readonly end: number },
  writer: SafetensorsWriter,
): Promise<void> {
  const file = await open(path, "r");
  try {
    for (let at = start; at < end;) {
      const piece = new Uint8Array(Math.min(CHUNK, end - at));
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      await writer.append(piece.subarray(0, bytesRead));
      if (bytesRead === 0) break; // the writer then reports that less came than the header says
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function requireLength(name: string, { shape }: SafetensorsEntry, values: Float32Array): void {
  const expected = elementCount(shape);
  if (values.length === expected) return;
  throw new FluxRuntimeError(
    "invalid-argument",
    `The new values of ${name} are ${values.length}, but its shape [${shape.join(", ")}] takes ${expected}. Give one for each.`,
    { tensor: name, expected, received: values.length },
  );
}

function encode(name: string, weight: SafetensorsEntry, values: Float32Array): ArrayBufferView {
  requireLength(name, weight, values);
  const { dtype } = weight;
  if (dtype === "F32") return values;
  if (dtype === "BF16") return encodeBfloat16(values);
  throw new FluxRuntimeError(
    "unsupported-dtype",
    `The weight ${name} is ${dtype}; only BF16, F32 and fp8 weights can be changed. Convert the checkpoint first.`,
    { tensor: name, dtype },
  );
}
