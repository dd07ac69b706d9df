import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeStored, type StoredTensor } from "../../test/quantize-float8.ts";
import { checkTensors } from "./check-tensors.ts";
import { openComponentWeights, type ComponentWeights } from "./component-weights.ts";
import type { LocatedWeight } from "./located-weight.ts";
import { readRows, readTensor } from "./read-safetensors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weight-scales-"));
});
afterAll(() => rm(folder, { recursive: true }));

type Metadata = Readonly<Record<string, string>>;

let files = 0;
async function open(tensors: readonly StoredTensor[], metadata: Metadata = {}): Promise<ComponentWeights> {
  const file = join(folder, `${(files += 1)}.safetensors`);
  await writeStored(file, tensors, metadata);
  return openComponentWeights(file);
}

const floats = (name: string, shape: readonly number[], ...values: number[]): StoredTensor => ({
  ...{ name, shape, dtype: "F32", data: Float32Array.from(values) },
});
const bytes = (name: string, dtype: StoredTensor["dtype"], shape: readonly number[]): StoredTensor => {
  const data = Uint8Array.from({ length: shape.reduce((count, length) => count * length, 1) }, (_, i) => i);
  return { name, dtype, shape, data: dtype === "BF16" ? new Uint16Array(data.length) : data };
};
const note = (name: string, text: string): StoredTensor => {
  const data = new TextEncoder().encode(text);
  return { name, dtype: "U8", shape: [data.length], data };
};

const SHAPE = [3, 2];
/** The codes 0 … 5 of F8_E4M3 are these multiples of 2^-9. */
const codes = bytes("layer.weight", "F8_E4M3", SHAPE);
const STEP = 2 ** -9;

function weightOf({ tensors }: ComponentWeights, name = "layer.weight"): LocatedWeight {
  const weight = tensors.get(name);
  if (weight === undefined) throw new Error(`no ${name}`);
  return weight;
}

describe("a weight has its scale, whatever the scale is called and shaped:", () => {
  it.each([
    ["one number", floats("layer.weight_scale", [], 4), [4, 4, 4]],
    ["one number in an axis", floats("layer.scale_weight", [1], 4), [4, 4, 4]],
    ["a number for each row", floats("layer.weight_scale", [3], 1, 2, 4), [1, 2, 4]],
    ["a number for each row, with an axis more", floats("layer.weight_scale", [3, 1], 1, 2, 4), [1, 2, 4]],
  ])("%s", async (_, scale, rows) => {
    const others = [
      floats("layer.input_scale", [], 7),
      note("layer.comfy_quant", '{"format":"float8_e4m3fn","full_precision_matrix_mult":true}'),
      bytes("prefix.scaled_fp8", "F8_E4M3", [0]),
    ];
    const weights = await open([codes, scale, ...others]);
    expect([...weights.tensors.keys()]).toEqual(["layer.weight"]);
    const weight = weightOf(weights);
    const expected = [0, 1, 2, 3, 4, 5].map((code) => code * STEP * (rows[code >> 1] ?? NaN));
    expect([...(await readTensor(weight.file, weight)).data]).toEqual(expected);
    const turned = await readRows(weight.file, weight, [2, 0]);
    expect([...turned.data]).toEqual([...expected.slice(4), ...expected.slice(0, 2)]);
    expect(() => {
      checkTensors(weights, { required: [{ name: "layer.weight", shape: SHAPE }] });
    }).not.toThrow();
  });

  it("a scale of 16 bits, of a weight of 16 bits", async () => {
    const bf16 = {
      name: "layer.weight",
      dtype: "BF16",
      shape: SHAPE,
      data: new Uint16Array(6).fill(0x3f80),
    } as const;
    const scale = {
      name: "layer.weight_scale",
      dtype: "BF16",
      shape: [],
      data: Uint16Array.of(0x4000),
    } as const;
    const weight = weightOf(await open([bf16, scale]));
    expect([...(await readTensor(weight.file, weight)).data]).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it("nothing without one", async () => {
    expect(weightOf(await open([codes]))).not.toHaveProperty("scale");
  });

  it.each([
    ["one number", floats("double_blocks.0.img_attn.qkv.weight_scale", [], 2), [2, 2, 2]],
    [
      "a number for each row",
      floats("double_blocks.0.img_attn.qkv.weight_scale", [3, 1], 1, 2, 4),
      [1, 2, 4],
    ],
  ])("of a fused projection each part has its own: %s", async (_, scale, rows) => {
    const weights = await open([{ ...codes, name: "double_blocks.0.img_attn.qkv.weight" }, scale]);
    for (const [part, name] of ["to_q", "to_k", "to_v"].entries()) {
      const weight = weightOf(weights, `transformer_blocks.0.attn.${name}.weight`);
      const factor = STEP * (rows[part] ?? NaN);
      const { data, shape } = await readTensor(weight.file, weight);
      expect([...data]).toEqual([2 * part * factor, (2 * part + 1) * factor]);
      expect(shape).toEqual([1, 2]);
    }
  });
});

describe("what was quantised in another way is refused if it is needed, by its name:", () => {
  const scaled = (...others: StoredTensor[]): StoredTensor[] => [
    codes,
    floats("layer.weight_scale", [], 1),
    ...others,
  ];
  const header = (layer: unknown): Metadata => ({
    _quantization_metadata: JSON.stringify({ layers: { "model.diffusion_model.layer": layer } }),
  });
  it.each<[string, readonly StoredTensor[], Metadata, RegExp]>([
    ["mxfp8 in bytes", [codes, bytes("layer.weight_scale", "U8", [3, 1])], {}, /mxfp8.*weight_scale of U8/],
    ["scales of blocks", [codes, floats("layer.weight_scale", [1, 2], 1, 1)], {}, /each block.*F32 \[1, 2\]/],
    [
      "scales of Qwen",
      [codes, floats("layer.weight_scale_inv", [1, 1], 1)],
      {},
      /each block.*weight_scale_inv/,
    ],
    ["scales in fp8", [codes, bytes("layer.weight_scale", "F8_E4M3", [3])], {}, /scales of F8_E4M3/],
    ["int8", [bytes("layer.weight", "I8", SHAPE), floats("layer.weight_scale", [], 1)], {}, /8-bit integers/],
    ["scaled inputs", scaled(bytes("layer.pre_quant_scale", "BF16", [2])), {}, /pre_quant_scale/],
    [
      "a rotated layer",
      scaled(note("layer.comfy_quant", '{"format":"float8_e4m3fn","convrot":true}')),
      {},
      /rotated/,
    ],
    ["a note without a format", scaled(note("layer.comfy_quant", "{}")), {}, /does not name/],
    ["a note that is not JSON", scaled(note("layer.comfy_quant", "fp8")), {}, /does not name/],
    ["a note that is no text", scaled(floats("layer.comfy_quant", [1], 1)), {}, /does not name/],
    ["a format of a note", scaled(note("layer.comfy_quant", '{"format":"w4a8"}')), {}, /quantised as w4a8/],
    [
      "a format of the header",
      scaled(),
      header({ format: "int8_tensorwise" }),
      /quantised as int8_tensorwise/,
    ],
    ["a format as a string", scaled(), header("mxfp8"), /mxfp8/],
  ])("%s", async (_, tensors, metadata, said) => {
    const weights = await open(tensors, metadata);
    const required = [{ name: "layer.weight", shape: SHAPE }];
    expect(() => {
      checkTensors(weights, { required });
    }).toThrow(
      expect.objectContaining({
        code: "unsupported-weights",
        message: expect.stringMatching(said) as string,
      }),
    );
    expect(() => {
      checkTensors(weights, { required: [], unread: new Set(["layer.weight"]) });
    }).not.toThrow();
  });

  it.each(["{", "[]", '{"layers":{"layer":1}}'])("a header's note that is malformed: %s", async (text) => {
    await expect(open(scaled(), { _quantization_metadata: text })).rejects.toMatchObject({
      code: "malformed-safetensors",
    });
  });

  it("a scale whose weight is not there", async () => {
    const weights = await open([codes, floats("other.weight_scale", [], 1)]);
    expect(() => {
      checkTensors(weights, { required: [{ name: "layer.weight", shape: SHAPE }] });
    }).toThrow(/scales of weights that are not there.*other\.weight_scale/);
  });
});
