import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LARGEST_HEADER_BYTES, readSafetensorsHeader } from "./safetensors-header.ts";

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-header-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a file by hand: a header, or bytes in its place, then `dataLength` zero bytes. */
async function file(
  header: object | Uint8Array,
  { dataLength = 0, headerLength }: { dataLength?: number; headerLength?: bigint } = {},
): Promise<string> {
  const json = header instanceof Uint8Array ? header : Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerLength ?? BigInt(json.byteLength));
  const path = join(folder, `${++files}.safetensors`);
  await writeFile(path, Buffer.concat([length, json, Buffer.alloc(dataLength)]));
  return path;
}
const floats = (begin: number, end: number): object => ({
  dtype: "F32",
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
});

describe("readSafetensorsHeader(path)", () => {
  it("returns each tensor's dtype, shape and place in the file, in the order of their bytes", async () => {
    const header = { b: floats(16, 24), a: { dtype: "BF16", shape: [2, 4], data_offsets: [0, 16] } };
    const path = await file(header, { dataLength: 24 });
    const read = await readSafetensorsHeader(path);
    expect([...read.tensors]).toEqual([
      ["a", { dtype: "BF16", shape: [2, 4], byteOffset: read.dataOffset, byteLength: 16 }],
      ["b", { dtype: "F32", shape: [2], byteOffset: read.dataOffset + 16, byteLength: 8 }],
    ]);
    expect(read.metadata).toEqual({});
    expect(read.fileSize).toBe(read.dataOffset + 24);
  });

  it("returns the metadata apart from the tensors", async () => {
    const read = await readSafetensorsHeader(await file({ __metadata__: { format: "pt" } }));
    expect(read.metadata).toEqual({ format: "pt" });
    expect(read.tensors.size).toBe(0);
  });

  it("takes scalars, empty tensors and a padded header", async () => {
    const header = {
      scalar: { dtype: "I64", shape: [], data_offsets: [0, 8] },
      empty: { dtype: "F32", shape: [0, 3], data_offsets: [0, 0] },
    };
    const padded = Buffer.from(JSON.stringify(header) + "   ");
    const { tensors } = await readSafetensorsHeader(await file(padded, { dataLength: 8 }));
    expect(tensors.get("scalar")?.byteLength).toBe(8);
    expect(tensors.get("empty")?.byteLength).toBe(0);
  });

  it("reads names as they are, also those that JavaScript objects treat specially", async () => {
    const json = Buffer.from(
      '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"7":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
    );
    const { tensors } = await readSafetensorsHeader(await file(json, { dataLength: 2 }));
    expect([...tensors.keys()]).toEqual(["__proto__", "7"]);
  });
});

describe("readSafetensorsHeader(path) refuses", () => {
  const refusals: [title: string, make: () => Promise<string>, code: string, message: RegExp][] = [
    ["a missing file", () => Promise.resolve(join(folder, "none")), "unreadable-file", /cannot be opened/],
    ["a folder", () => Promise.resolve(folder), "unreadable-file", /is not a file/],
    [
      "a file that is shorter than the length of its header",
      async () => {
        const path = await file({});
        await truncate(path, 7);
        return path;
      },
      "malformed-safetensors",
      /7 bytes.*takes 8/,
    ],
    [
      "a file that ends inside its header",
      async () => {
        const path = await file({ a: floats(0, 8) }, { dataLength: 8 });
        await truncate(path, 20);
        return path;
      },
      "malformed-safetensors",
      /header should end at byte \d+, but the file has 20/,
    ],
    [
      "data that is shorter than the header says",
      () => file({ a: floats(0, 8) }, { dataLength: 7 }),
      "malformed-safetensors",
      /"a" should end at byte \d+, but the file has/,
    ],
    [
      "a header length beyond the file",
      () => file({}, { headerLength: 5000n }),
      "malformed-safetensors",
      /header should end at byte 5008/,
    ],
    [
      "a header length beyond the limit of the format",
      () => file({}, { headerLength: BigInt(LARGEST_HEADER_BYTES) + 1n }),
      "malformed-safetensors",
      /100000001 bytes, more than the 100000000/,
    ],
    [
      "a file of another kind",
      async () => {
        const path = join(folder, "image.png");
        await writeFile(path, Buffer.from("\x89PNG\r\n\x1a\n and more", "latin1"));
        return path;
      },
      "malformed-safetensors",
      /probably another kind of file/,
    ],
    [
      "a header that is no JSON",
      () => file(Buffer.from("{nope}")),
      "malformed-safetensors",
      /not JSON in UTF-8/,
    ],
    [
      "a header that is no UTF-8",
      () => file(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])),
      "malformed-safetensors",
      /not JSON in UTF-8/,
    ],
    ["a header that is no object", () => file([1]), "malformed-safetensors", /no object of tensors/],
    [
      "metadata that is no object of strings",
      () => file({ __metadata__: { a: 1 } }),
      "malformed-safetensors",
      /__metadata__/,
    ],
    [
      "an entry without offsets",
      () => file({ a: { dtype: "F32", shape: [1] } }),
      "malformed-safetensors",
      /entry for "a" is not/,
    ],
    [
      "a negative axis",
      () => file({ a: { dtype: "F32", shape: [-1], data_offsets: [0, 4] } }, { dataLength: 4 }),
      "malformed-safetensors",
      /entry for "a" is not/,
    ],
    [
      "overlapping tensors",
      () => file({ a: floats(0, 8), b: floats(4, 12) }, { dataLength: 12 }),
      "malformed-safetensors",
      /"b" overlaps "a"/,
    ],
    [
      "a hole between tensors",
      () => file({ a: floats(0, 8), b: floats(12, 16) }, { dataLength: 16 }),
      "malformed-safetensors",
      /"b" leaves a hole after "a"/,
    ],
    [
      "a hole before the first tensor",
      () => file({ a: floats(4, 8) }, { dataLength: 8 }),
      "malformed-safetensors",
      /"a" leaves a hole after the header/,
    ],
    [
      "bytes that belong to no tensor",
      () => file({ a: floats(0, 8) }, { dataLength: 12 }),
      "malformed-safetensors",
      /4 bytes after "a" belong to no tensor/,
    ],
    [
      "offsets that run backwards",
      () => file({ a: { dtype: "F32", shape: [1], data_offsets: [8, 4] } }, { dataLength: 8 }),
      "malformed-safetensors",
      /run backwards, from 8 to 4/,
    ],
    [
      "offsets beyond the end",
      () => file({ a: floats(0, 4), b: floats(4, 4000) }, { dataLength: 8 }),
      "malformed-safetensors",
      /"b" should end at byte/,
    ],
    [
      "a byte length that does not fit dtype and shape",
      () => file({ a: { dtype: "F16", shape: [3], data_offsets: [0, 8] } }, { dataLength: 8 }),
      "malformed-safetensors",
      /F16 \[3\] needs 6 bytes, but its offsets \[0, 8\] hold 8/,
    ],
    [
      "a shape whose size overflows",
      () =>
        file(
          { a: { dtype: "F32", shape: [2 ** 52, 2 ** 52, 2 ** 52], data_offsets: [0, 4] } },
          { dataLength: 4 },
        ),
      "malformed-safetensors",
      /needs/,
    ],
    [
      "an unknown dtype",
      () => file({ a: { dtype: "F3", shape: [2], data_offsets: [0, 1] } }, { dataLength: 1 }),
      "unsupported-dtype",
      /unknown element type "F3"; known are/,
    ],
  ];
  it.each(refusals)("%s", async (_title, make, code, message) => {
    const path = await make();
    const failure = readSafetensorsHeader(path);
    await expect(failure).rejects.toMatchObject({ name: "FluxRuntimeError", code });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(path);
  });
});
