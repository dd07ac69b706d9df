import { copyFile, link, mkdir, open, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { listConfigurationFiles, listWeightFiles } from "./list-checkpoint-files.ts";
import { encodeBfloat16 } from "./half-precision.ts";
import type { Checkpoint } from "./checkpoint.ts";
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
 * that hold a changed tensor are written; the others are hard links, or copies where the disk is another one.
 *
 * The folder appears whole or not at all.
 *
 * @throws {FluxRuntimeError} `missing-tensor` where a name is no weight of the transformer; `unsupported-weights` where its file
 * lies elsewhere or has another name for it; `unsupported-dtype` where a weight is neither BF16 nor F32; `invalid-argument` for an edit of another length; `disk-full`; `unwritable-file`;
 * `existing-folder`.
 */
export async function editCheckpoint(
  checkpoint: Checkpoint,
  folder: string,
  { transformer, metadata = {} }: EditCheckpointOptions,
): Promise<void> {
  await requireEditable(checkpoint, [...transformer.keys()]);
  await writeCheckpointFolder(folder, async (aside) => {
    const edited = new Set([...transformer.keys()].map((name) => fileOf(checkpoint, name)));
    const files = [...(await listConfigurationFiles(checkpoint)), ...(await listWeightFiles(checkpoint))];
    for (const path of files) {
      const [from, to] = [join(checkpoint.folder, path), join(aside, path)];
      await mkdir(dirname(to), { recursive: true });
      if (edited.has(resolve(from))) await rewriteFile(from, to, transformer, metadata);
      else await linkOrCopy(from, to);
    }
  });
}

function fileOf({ transformer: { weights } }: Checkpoint, name: string): string {
  const weight = weights.tensors.get(name);
  if (weight !== undefined) return resolve(weight.file);
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
    const file = fileOf(checkpoint, name);
    const { tensors } = await readSafetensorsHeader(file);
    if (!tensors.has(name)) refuse(file, `it has ${name} under another name, as the makers' own layout does`);
  }
}

/** Links are followed: a Hugging Face cache is made of them, and they may be relative. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  const real = await realpath(from);
  await link(real, to).catch(() => copyFile(real, to));
}

async function rewriteFile(
  from: string,
  to: string,
  edits: ReadonlyMap<string, WeightEdit>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const header = await readSafetensorsHeader(from);
  const layout = [...header.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const writer = await createSafetensorsWriter(to, layout, { metadata: { ...header.metadata, ...metadata } });
  try {
    for (const [name, entry] of header.tensors) {
      const edit = edits.get(name);
      if (edit === undefined) await copyBytes(from, entry, writer);
      else await writer.append(encode(name, entry, edit(await readTensor(from, entry))));
    }
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
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
