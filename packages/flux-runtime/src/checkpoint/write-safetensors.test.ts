import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTensors } from "./read-safetensors.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";
import { createSafetensorsWriter, writeSafetensors } from "./write-safetensors.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "write-safetensors-"));
  path = join(folder, "out.safetensors");
});
afterEach(() => rm(folder, { recursive: true }));

describe("writeSafetensors(path, tensors)", () => {
  it("writes the documented bytes: length, JSON padded with spaces to 8 bytes, data", async () => {
    await writeSafetensors(path, [{ name: "a", shape: [1, 2], data: Float32Array.of(1, -1) }], {
      metadata: { format: "pt" },
    });
    const json = `{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}`;
    const padded = json.padEnd(Math.ceil(json.length / 8) * 8, " ");
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(padded.length));
    const data = Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0x80, 0xbf]);
    expect(await readFile(path)).toEqual(Buffer.concat([length, Buffer.from(padded), data]));
  });

  it("keeps the given order, also for names that look like numbers", async () => {
    const names = ["z", "10", "2", "é", "a"];
    await writeSafetensors(
      path,
      names.map((name) => ({ name, shape: [1], data: Float32Array.of(1) })),
    );
    expect([...(await readSafetensorsHeader(path)).tensors.keys()]).toEqual(names);
  });

  it("puts wider element types first, so that every tensor is aligned", async () => {
    await writeSafetensors(path, [
      { name: "byte", shape: [3], data: Uint8Array.of(1, 2, 3) },
      { name: "half", shape: [1], data: Uint16Array.of(1), dtype: "BF16" },
      { name: "long", shape: [1], data: BigInt64Array.of(1n) },
      { name: "int", shape: [1], data: Int32Array.of(1) },
    ]);
    const { tensors } = await readSafetensorsHeader(path);
    expect([...tensors.keys()]).toEqual(["long", "int", "half", "byte"]);
    expect([...tensors.values()].map(({ byteOffset }) => byteOffset % 8)).toEqual([0, 0, 4, 6]);
  });

  it("is read back as it was written, whatever the shapes", async () => {
    const shape = fc.array(fc.nat(4), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.string(), shape), { selector: ([name]) => name }),
        async (list) => {
          const tensors = list
            .filter(([name]) => name !== "__metadata__")
            .map(([name, axes], index) => {
              const data = new Float32Array(axes.reduce((a, b) => a * b, 1)).fill(index + 0.5);
              return { name, shape: axes, data };
            });
          await writeSafetensors(path, tensors);
          const read = await readTensors(path);
          expect(read.size).toBe(tensors.length);
          for (const { name, ...tensor } of tensors) expect(read.get(name)).toEqual(tensor);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("replaces an older file and leaves nothing else in the folder", async () => {
    await writeFile(path, "older");
    await writeSafetensors(path, []);
    expect((await readSafetensorsHeader(path)).tensors.size).toBe(0);
    expect(await readdir(folder)).toEqual(["out.safetensors"]);
  });

  it("refuses data that does not fill its shape, before it touches the disk", async () => {
    const failure = writeSafetensors(path, [{ name: "a", shape: [2, 2], data: new Float32Array(3) }]);
    await expect(failure).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(failure).rejects.toThrow(/"a" of shape \[2, 2\] needs 4 elements, but its data has 3/);
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses two tensors of one name, and the reserved name", async () => {
    const tensor = { shape: [1], data: new Float32Array(1) };
    await expect(
      writeSafetensors(path, [
        { name: "a", ...tensor },
        { name: "a", ...tensor },
      ]),
    ).rejects.toThrow(/The name "a" is taken/);
    await expect(writeSafetensors(path, [{ name: "__metadata__", ...tensor }])).rejects.toThrow(
      /is reserved/,
    );
  });

  it("says which folder is missing", async () => {
    const failure = writeSafetensors(join(folder, "none", "out.safetensors"), []);
    await expect(failure).rejects.toMatchObject({ code: "unwritable-file" });
    await expect(failure).rejects.toThrow(/none does not exist/);
  });
});

describe("createSafetensorsWriter(path, layout)", () => {
  const layout = [
    { name: "a", dtype: "F32", shape: [2] },
    { name: "b", dtype: "BF16", shape: [3] },
  ] as const;

  it("takes the data in pieces that need not end where tensors do", async () => {
    const writer = await createSafetensorsWriter(path, layout);
    await writer.append(new Uint8Array(5));
    await writer.append(new Uint8Array(9).fill(0x40));
    expect(await readdir(folder)).not.toContain("out.safetensors");
    await writer.close();
    const read = await readTensors(path);
    expect(read.get("b")?.shape).toEqual([3]);
    expect(read.get("b")?.data[2]).toBe(new Float32Array(Uint32Array.of(0x40400000).buffer)[0]);
  });

  it("writes the same bytes as writeSafetensors", async () => {
    const whole = join(folder, "whole.safetensors");
    const values = Float32Array.of(1, 2);
    await writeSafetensors(whole, [{ name: "a", shape: [2], data: values }], { metadata: { k: "v" } });
    const writer = await createSafetensorsWriter(path, [{ name: "a", dtype: "F32", shape: [2] }], {
      metadata: { k: "v" },
    });
    await writer.append(values.subarray(0, 1));
    await writer.append(values.subarray(1));
    await writer.close();
    expect(await readFile(path)).toEqual(await readFile(whole));
  });

  it("refuses more data than the layout holds, and less, and removes the unfinished file", async () => {
    const more = await createSafetensorsWriter(path, layout);
    await expect(more.append(new Uint8Array(15))).rejects.toThrow(/holds 14 bytes of data, but 15 came/);
    const less = await createSafetensorsWriter(path, layout);
    await less.append(new Uint8Array(13));
    await expect(less.close()).rejects.toThrow(/holds 14 bytes of data, but 13 came/);
    expect(await readdir(folder)).toEqual([]);
  });

  it("leaves nothing behind when it is discarded", async () => {
    const writer = await createSafetensorsWriter(path, layout);
    await writer.append(new Uint8Array(5));
    await writer.discard();
    expect(await readdir(folder)).toEqual([]);
    await expect(writer.append(new Uint8Array(1))).rejects.toThrow(/already committed or discarded/);
  });

  it("refuses a layout that would leave a tensor unaligned", async () => {
    const unaligned = [
      { name: "a", dtype: "BF16", shape: [3] },
      { name: "b", dtype: "F32", shape: [1] },
    ] as const;
    await expect(createSafetensorsWriter(path, unaligned)).rejects.toThrow(
      /"b" of F32 would begin at byte 6/,
    );
  });
});
