import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GGML_TYPE } from "../../test/ggml-reference.ts";
import {
  ggufHeader,
  text,
  uint32,
  uint64,
  writeGguf,
  type GgufTensorToWrite,
} from "../../test/write-gguf.ts";
import { readGgufHeader } from "./read-gguf-header.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gguf-header-"));
  path = join(folder, "model.gguf");
});
afterAll(() => rm(folder, { recursive: true }));

const tensor = (name: string, type: number, shape: readonly number[], bytes: number): GgufTensorToWrite => ({
  ...{ name, type, shape, data: new Uint8Array(bytes) },
});
const tensors = [
  tensor("norm.weight", GGML_TYPE.F32, [3], 12),
  tensor("layer.weight", GGML_TYPE.Q8_0, [2, 64], 4 * 34),
  tensor("other.weight", GGML_TYPE.Q3_K, [1, 256], 110),
];

describe("readGgufHeader(path)", () => {
  it("finds each tensor, its axes outermost first, behind whatever else the header holds", async () => {
    const tokens = Array.from({ length: 200_000 }, (_, token) => `token ${token}`); // more than is read at first
    const values = {
      "general.architecture": "qwen3",
      "tokenizer.ggml.tokens": tokens,
      "general.file_type": 7,
    };
    await writeGguf(path, tensors, values);
    const data = Math.ceil(ggufHeader(tensors, values).length / 32) * 32;
    expect(await readGgufHeader(path)).toMatchObject([
      { name: "norm.weight", type: "F32", shape: [3], byteOffset: data, byteLength: 12 },
      { name: "layer.weight", type: "Q8_0", shape: [2, 64], byteOffset: data + 32, byteLength: 136 },
      { name: "other.weight", type: "Q3_K", storage: undefined, shape: [1, 256], byteOffset: data + 192 },
    ]);
  });

  it("gives a tensor the shape that ComfyUI noted, where it was stored in another", async () => {
    await writeGguf(path, tensors, { "comfy.gguf.orig_shape.layer.weight": [4, 32] });
    expect((await readGgufHeader(path))[1]?.shape).toEqual([4, 32]);
  });

  it.each([[[4, 33]], [[0, 64]]])(
    "refuses the noted shape %j, of another number of elements",
    async (shape) => {
      await writeGguf(path, tensors, { "comfy.gguf.orig_shape.layer.weight": shape });
      await expect(readGgufHeader(path)).rejects.toMatchObject({
        code: "malformed-gguf",
        message: expect.stringMatching(/"layer\.weight" of \[64, 2\] cannot have been/) as string,
      });
    },
  );

  const header = ggufHeader(tensors);
  const start = Buffer.concat([Buffer.from("GGUF"), uint32(3), uint64(1), uint64(1), text("key")]);
  const one = Buffer.concat([Buffer.from("GGUF"), uint32(3), uint64(1), uint64(0), text("t")]);
  it.each<[string, Buffer, RegExp]>([
    ["nothing", Buffer.alloc(0), /does not end within 0 bytes/],
    ["another kind of file", Buffer.from("PK\u0003\u0004 and more"), /does not begin with "GGUF"/],
    ["a version that is not known", Buffer.concat([Buffer.from("GGUF"), uint32(1)]), /version is 1/],
    ["a header that was cut short", header.subarray(0, 70), /does not end within 70 bytes/],
    ["tensors that were cut short", header, /"norm\.weight" should end at byte/],
    ["a value of an unknown type", Buffer.concat([start, uint32(13)]), /unknown type 13/],
    [
      "a count beyond reason",
      Buffer.concat([Buffer.from("GGUF"), uint32(3), uint64(2n ** 63n)]),
      /a count in it is/,
    ],
    [
      "a text without end",
      Buffer.concat([start, uint32(8), uint64(2 ** 40)]),
      /a text .* 1099511627776 bytes/,
    ],
    [
      "a list without end",
      Buffer.concat([start, uint32(9), uint32(0), uint64(2 ** 40)]),
      /a list .* elements/,
    ],
    [
      "lists within lists",
      Buffer.concat([start, ...Array<Buffer>(50_000).fill(Buffer.concat([uint32(9), uint32(9), uint64(1)]))]),
      /a list in its header is of lists/,
    ],
    ["too many dimensions", Buffer.concat([one, uint32(5)]), /5 dimensions/],
    [
      "rows that are no blocks",
      Buffer.concat([one, uint32(2), uint64(33), uint64(2), uint32(GGML_TYPE.Q8_0), uint64(0)]),
      /33 numbers, which are no blocks of 32/,
    ],
  ])("refuses %s", async (_, bytes, said) => {
    await writeFile(path, bytes);
    await expect(readGgufHeader(path)).rejects.toMatchObject({
      code: "malformed-gguf",
      message: expect.stringMatching(said) as string,
    });
  });

  it("refuses an alignment of 0, and a file that is not there", async () => {
    await writeGguf(path, tensors, { "general.alignment": 0 });
    await expect(readGgufHeader(path)).rejects.toThrow(/alignment is 0/);
    await expect(readGgufHeader(join(folder, "none.gguf"))).rejects.toMatchObject({
      code: "unreadable-file",
    });
  });
});
