import { copyFile, link, mkdir, open, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { listConfigurationFiles, listWeightFiles } from "./list-checkpoint-files.ts";
import { encodeBfloat16 } from "./half-precision.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { LocatedWeight } from "./located-weight.ts";
import { readTensor } from "./read-safetensors.ts";
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
 * was given as a file of its own stays one file, under the names that its tensors have there.
 *
 * The folder appears whole or not at all.
 *
 * @throws {FluxRuntimeError} `missing-tensor` if a name is not a weight of the transformer; `unsupported-dtype` if a weight
 * is neither BF16 nor F32; `invalid-argument` for an edit of another length; `disk-full`; `unwritable-file`;
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
      if (own.length > 0) await rewriteFile(source, to, own, metadata);
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

async function rewriteFile(
  from: string,
  to: string,
  edits: readonly LocatedEdit[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const header = await readSafetensorsHeader(from);
  const layout = [...header.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const inOrder = edits.toSorted((left, right) => left.weight.byteOffset - right.weight.byteOffset);
  const writer = await createSafetensorsWriter(to, layout, { metadata: { ...header.metadata, ...metadata } });
  try {
    for (const { byteOffset, byteLength } of header.tensors.values()) {
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

function encode(name: string, { dtype, shape }: SafetensorsEntry, values: Float32Array): ArrayBufferView {
  const expected = shape.reduce((product, length) => product * length, 1);
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
    `The weight ${name} is ${dtype}; only BF16 and F32 weights can be changed. Convert the checkpoint first.`,
    { tensor: name, dtype },
  );
}
