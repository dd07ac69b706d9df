import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import { editCheckpoint, type WeightEdit } from "./edit-checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./open-checkpoint.ts";
import { readTensors } from "./read-safetensors.ts";
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

  it("refuses a folder that is there already", async () => {
    const edits = { transformer: new Map([[name, negate]]) };
    await expect(editCheckpoint(original, join(root, "negated"), edits)).rejects.toMatchObject({
      code: "existing-folder",
    });
  });
});
