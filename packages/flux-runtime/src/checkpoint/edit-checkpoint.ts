import { copyFile, link, mkdir, open, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { listConfigurationFiles, listWeightFiles } from "./list-checkpoint-files.ts";
import { isFloat8Dtype } from "./float8.ts";
import { encodeBfloat16 } from "./half-precision.ts";
import type { LocatedWeight } from "./located-weight.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { readTensor } from "./read-safetensors.ts";
import { SAFETENSORS_DTYPE_BYTES, type SafetensorsDtype } from "./safetensors-dtype.ts";
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
 * Writes a checkpoint that is another one with some weights changed, in their own element type; a weight in fp8 becomes float32, and
 * its scale 1. Only the weight files that hold a changed tensor are written; the others are hard links, or copies where the disk is
 * another one.
 *
 * The folder appears whole or not at all.
 *
 * @throws {FluxRuntimeError} `missing-tensor` where a name is no weight of the transformer; `unsupported-weights` where its file
 * lies elsewhere or has another name for it; `unsupported-dtype` where a weight is neither BF16, F32 nor fp8; `invalid-argument` for an edit of another length; `disk-full`; `unwritable-file`;
 * `existing-folder`.
 */
export async function editCheckpoint(
  checkpoint: Checkpoint,
  folder: string,
  { transformer, metadata = {} }: EditCheckpointOptions,
): Promise<void> {
  await requireEditable(checkpoint, [...transformer.keys()]);
  await writeCheckpointFolder(folder, async (aside) => {
    const weights = new Map([...transformer.keys()].map((name) => [name, weightOf(checkpoint, name)]));
    const edited = new Set([...weights.values()].flatMap(filesOf));
    const files = [...(await listConfigurationFiles(checkpoint)), ...(await listWeightFiles(checkpoint))];
    for (const path of files) {
      const [from, to] = [join(checkpoint.folder, path), join(aside, path)];
      await mkdir(dirname(to), { recursive: true });
      if (edited.has(resolve(from))) await rewriteFile(from, to, { weights, edits: transformer, metadata });
      else await linkOrCopy(from, to);
    }
  });
}

function filesOf({ file, scale }: LocatedWeight): string[] {
  return [file, ...(scale === undefined ? [] : [scale.file])].map((path) => resolve(path));
}

function weightOf({ transformer: { weights } }: Checkpoint, name: string): LocatedWeight {
  const weight = weights.tensors.get(name);
  if (weight !== undefined) return weight;
  throw new FluxRuntimeError(
    "missing-tensor",
    `${weights.folder} holds no tensor ${name} that could be changed. Name a weight of the transformer as its files do.`,
    { folder: weights.folder, tensor: name },
  );
}

/** Requires models in the checkpoint's own folder, and weights under their own names: others would be copied unchanged. */
async function requireEditable(checkpoint: Checkpoint, names: readonly string[]): Promise<void> {
  const refuse = (place: string, why: string): never => {
    throw new FluxRuntimeError(
      "unsupported-weights",
      `${place} cannot be copied with changes: ${why}. Save the whole checkpoint in the layout of diffusers (from_single_file, save_pretrained), and open that.`,
      { place },
    );
  };
  for (const { weights } of [checkpoint.textEncoder, checkpoint.transformer, checkpoint.autoencoder]) {
    const isOwn = dirname(weights.folder) === resolve(checkpoint.folder);
    if (!isOwn) refuse(weights.folder, `it lies outside the checkpoint ${checkpoint.folder}`);
  }
  for (const name of names) {
    const { file } = weightOf(checkpoint, name);
    const { tensors } = await readSafetensorsHeader(file);
    if (!tensors.has(name)) refuse(file, `it has ${name} under another name, as the makers' own layout does`);
  }
}

/** Links are followed: a Hugging Face cache is made of them, and they may be relative. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  const real = await realpath(from);
  await link(real, to).catch(() => copyFile(real, to));
}

/** What is changed, and what it was. */
interface FileEdits {
  readonly weights: ReadonlyMap<string, LocatedWeight>;
  readonly edits: ReadonlyMap<string, WeightEdit>;
  readonly metadata: Readonly<Record<string, string>>;
}

async function rewriteFile(from: string, to: string, { weights, edits, metadata }: FileEdits): Promise<void> {
  const header = await readSafetensorsHeader(from);
  const scales = [...weights.values()].flatMap(({ scale }) => scale ?? []);
  const isFreeScale = ({ byteOffset }: SafetensorsEntry): boolean =>
    scales.some((scale) => resolve(scale.file) === resolve(from) && scale.byteOffset === byteOffset);
  const layout = [...header.tensors]
    .map(([name, entry]) => ({ name, entry, shape: entry.shape, dtype: dtypeOf(entry, edits.has(name)) }))
    .sort((one, other) => SAFETENSORS_DTYPE_BYTES[other.dtype] - SAFETENSORS_DTYPE_BYTES[one.dtype]);
  const writer = await createSafetensorsWriter(to, layout, { metadata: { ...header.metadata, ...metadata } });
  try {
    for (const { name, entry, dtype } of layout) {
      const [edit, weight] = [edits.get(name), weights.get(name)];
      if (edit !== undefined && weight !== undefined) {
        await writer.append(encode(name, { ...entry, dtype }, edit(await readTensor(from, weight))));
      } else if (isFreeScale(entry)) {
        await writer.append(encode(name, entry, new Float32Array(elementCount(entry.shape)).fill(1)));
      } else await copyBytes(from, entry, writer);
    }
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** A changed weight has values that fp8 does not have. */
function dtypeOf({ dtype }: SafetensorsEntry, isEdited: boolean): SafetensorsDtype {
  return isEdited && isFloat8Dtype(dtype) ? "F32" : dtype;
}

async function copyBytes(
  path: string,
  { byteOffset, byteLength }: SafetensorsEntry,
  writer: SafetensorsWriter,
): Promise<void> {
  const file = await open(path, "r");
  try {
    for (let start = 0; start < byteLength;) {
      const piece = new Uint8Array(Math.min(CHUNK, byteLength - start));
      const { bytesRead } = await file.read(piece, 0, piece.length, byteOffset + start);
      await writer.append(piece.subarray(0, bytesRead));
      if (bytesRead === 0) break; // the writer then tells that less came than the header says
      start += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function encode(name: string, { dtype, shape }: SafetensorsEntry, values: Float32Array): ArrayBufferView {
  const expected = elementCount(shape);
  if (values.length !== expected) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `The new values of ${name} are ${values.length}, but its shape [${shape.join(", ")}] takes ${expected}. Give one for each.`,
      { tensor: name, expected, received: values.length },
    );
  }
  if (dtype === "F32") return values;
  if (dtype === "BF16") return encodeBfloat16(values);
  throw new FluxRuntimeError(
    "unsupported-dtype",
    `The weight ${name} is ${dtype}; only BF16, F32 and fp8 weights can be changed. Convert the checkpoint first.`,
    { tensor: name, dtype },
  );
}
