import { truncate, writeFile } from "node:fs/promises";
import { SAFETENSORS_DTYPE_BYTES, type SafetensorsDtype } from "../src/checkpoint/safetensors-dtype.ts";
import { readSafetensorsHeader } from "../src/checkpoint/safetensors-header.ts";

/** A tensor as a header names it. */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

/** Replaces a weight file by one of zeros, in which other tensors stand for each one that it has. */
export async function rewriteHeader(
  path: string,
  replace: (tensor: NamedTensor) => readonly NamedTensor[],
): Promise<void> {
  const { tensors } = await readSafetensorsHeader(path);
  const replaced = [...tensors].flatMap(([name, { dtype, shape }]) => replace({ name, dtype, shape }));
  let end = 0;
  const entries = replaced.map(({ name, dtype, shape }) => {
    const begin = end;
    end += shape.reduce((product, length) => product * length, SAFETENSORS_DTYPE_BYTES[dtype]);
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  await writeFile(path, Buffer.concat([length, json]));
  await truncate(path, 8 + json.byteLength + end);
}
