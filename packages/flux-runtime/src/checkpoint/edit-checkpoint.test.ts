import { cp, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import { toNativeTransformer } from "../../test/native-layout.ts";
import { quantizeFloat8, writeStored, type StoredTensor } from "../../test/quantize-float8.ts";
import { encodeBfloat16 } from "./half-precision.ts";
import { editCheckpoint, type WeightEdit } from "./edit-checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./open-checkpoint.ts";
import { readTensor, readTensors } from "./read-safetensors.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";

const name = "single_transformer_blocks.3.attn.to_out.weight";
const weightFile = "transformer/diffusion_pytorch_model.safetensors";
const negate: WeightEdit = ({ data }) => data.map((value) => -value);

function isEqual(one: Float32Array, other: Float32Array = new Float32Array()): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

let root: string;
let original: Checkpoint;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "edit-checkpoint-"));
  original = await openKleinTiny();
});
afterAll(() => rm(root, { recursive: true }));

describe("editCheckpoint(checkpoint, folder, edits)", () => {
  it("changes the named weight in its own element type, and nothing else", async () => {
    const folder = join(root, "negated");
    await editCheckpoint(original, folder, {
      transformer: new Map([[name, negate]]),
      metadata: { edited: "yes" },
    });
    const edited = await openCheckpoint(folder);
    const before = await readTensors(join(original.folder, weightFile));
    const after = await readTensors(join(folder, weightFile));
    expect([...after.keys()]).toEqual([...before.keys()]);
    const changed = [...before].filter(([tensor, { data }]) => !isEqual(data, after.get(tensor)?.data));
    expect(changed.map(([tensor]) => tensor)).toEqual([name]);
    expect(after.get(name)?.data).toEqual(before.get(name)?.data.map((value) => -value));
    expect(edited.transformer.weights.tensors.get(name)?.dtype).toBe("BF16");
    const { metadata } = await readSafetensorsHeader(join(folder, weightFile));
    expect(metadata).toEqual({ format: "pt", edited: "yes" });
  });

  it("links the files that hold no changed weight", async () => {
    const file = "vae/diffusion_pytorch_model.safetensors";
    const [there, here] = await Promise.all([
      stat(join(original.folder, file)),
      stat(join(root, "negated", file)),
    ]);
    expect([here.size, here.ino === there.ino || here.dev !== there.dev]).toEqual([there.size, true]);
    expect(await readFile(join(root, "negated", "tokenizer/tokenizer.json"))).toEqual(
      await readFile(join(original.tokenizerFolder, "tokenizer.json")),
    );
  });

  it.each<[string, string, WeightEdit, string]>([
    ["a weight that there is not", "no.such.weight", negate, "missing-tensor"],
    ["values of another length", name, () => new Float32Array(3), "invalid-argument"],
  ])("refuses %s and leaves nothing behind", async (_, weight, edit, code) => {
    const edits = { transformer: new Map([[weight, edit]]) };
    await expect(editCheckpoint(original, join(root, "refused"), edits)).rejects.toMatchObject({ code });
    expect(await readdir(root)).toEqual(["negated"]);
  });

  it.each(["F8_E4M3", "F8_E5M2"] as const)(
    "makes a changed weight in %s float32, and its scales 1",
    async (dtype) => {
      const [quantized, edited] = [join(root, `${dtype}-quantized`), join(root, `${dtype}-edited`)];
      await cp(original.folder, quantized, { recursive: true });
      const stored: StoredTensor[] = [];
      for (const [tensor, { data, shape }] of await readTensors(join(original.folder, weightFile))) {
        if (!tensor.includes("attn.to_out.weight")) {
          stored.push({ name: tensor, dtype: "BF16", shape, data: encodeBfloat16(data) });
          continue;
        }
        const { codes, scale } = quantizeFloat8({ data, shape }, { dtype, scaleOf: "row" });
        stored.push({ name: tensor, dtype, shape, data: codes });
        stored.push({ name: `${tensor}_scale`, dtype: "F32", shape: [scale.length, 1], data: scale });
      }
      await writeStored(join(quantized, weightFile), stored);
      const before = await openCheckpoint(quantized);
      await editCheckpoint(before, edited, { transformer: new Map([[name, negate]]) });
      const after = await openCheckpoint(edited);
      for (const [tensor, weight] of before.transformer.weights.tensors) {
        const now = after.transformer.weights.tensors.get(tensor);
        if (now === undefined) throw new Error(`${tensor} is missing`);
        const { data } = await readTensor(weight.file, weight);
        const isChanged = tensor === name;
        expect((await readTensor(now.file, now)).data).toEqual(
          isChanged ? data.map((value) => -value) : data,
        );
        expect(now.dtype).toBe(isChanged ? "F32" : weight.dtype);
      }
      await rm(quantized, { recursive: true });
      await rm(edited, { recursive: true });
    },
  );

  it("keeps what a changed part of a fused tensor in fp8 was fused with", async () => {
    const native = toNativeTransformer(await readTensors(join(original.folder, weightFile)), "");
    const fused = "double_blocks.0.img_attn.qkv";
    const stored = [...native].flatMap(([tensor, { data, shape }]): StoredTensor[] => {
      if (tensor !== `${fused}.weight`)
        return [{ name: tensor, dtype: "BF16", shape, data: encodeBfloat16(data) }];
      const { codes, scale } = quantizeFloat8({ data, shape }, { dtype: "F8_E4M3", scaleOf: "row" });
      return [
        { name: tensor, dtype: "F8_E4M3", shape, data: codes },
        { name: `${fused}.weight_scale`, dtype: "F32", shape: [scale.length], data: scale },
      ];
    });
    const file = join(root, "native.safetensors");
    await writeStored(file, stored);
    const edited = join(root, "native-edited");
    const before = await openCheckpoint(original.folder, { transformer: file });
    const changed = "transformer_blocks.0.attn.to_k.weight";
    await editCheckpoint(before, edited, { transformer: new Map([[changed, negate]]) });
    const after = await openCheckpoint(edited);
    for (const part of ["to_q", "to_k", "to_v", "to_out.0"]) {
      const tensor = `transformer_blocks.0.attn.${part}.weight`;
      const [was, is] = [before, after].map(({ transformer }) => transformer.weights.tensors.get(tensor));
      if (was === undefined || is === undefined) throw new Error(`${tensor} is missing`);
      const { data } = await readTensor(was.file, was);
      const expected = tensor === changed ? data.map((value) => -value) : data;
      expect((await readTensor(is.file, is)).data).toEqual(expected);
    }
    await rm(file);
    await rm(edited, { recursive: true });
  });

  it("refuses a folder that is there already", async () => {
    const edits = { transformer: new Map([[name, negate]]) };
    await expect(editCheckpoint(original, join(root, "negated"), edits)).rejects.toMatchObject({
      code: "existing-folder",
    });
  });
});
