import { model, node, randomValues, tensor, value } from "../../../packages/head-hooks/test/build-model.ts";
import type { Place } from "./place.ts";

/** Writes the ONNX models that the README of head-hooks hooks. */
export async function writeExampleModels(place: Place): Promise<void> {
  await place.write("model.onnx", attentionModel());
  await place.write("single-block.onnx", singleBlockModel());
}

/** Two blocks of self-attention whose output projections take 4 heads of 16 channels. */
function attentionModel(): Uint8Array {
  const matrix = (name: string, seed: number): ReturnType<typeof tensor> =>
    tensor(
      name,
      [64, 64],
      randomValues(64 * 64, seed).map((weight) => weight / 4),
    );
  const names = ["q", "k", "v", "to_out"];
  return model({
    nodes: [0, 1].flatMap((block) => {
      const path = `blocks.${block}.attn`;
      const input = block === 0 ? "x" : "block.0";
      return [
        ...["q", "k", "v"].map((name) =>
          node("MatMul", [input, `${path}.${name}.weight`], `${path}.${name}`),
        ),
        node(
          "MultiHeadAttention",
          ["q", "k", "v"].map((name) => `${path}.${name}`),
          `${path}.mixed`,
          { num_heads: 4 },
          "com.microsoft",
        ),
        node(
          "MatMul",
          [`${path}.mixed`, `${path}.to_out.weight`],
          `block.${block}`,
          {},
          "",
          `${path}.to_out`,
        ),
      ];
    }),
    inputs: [value("x", ["B", "S", 64])],
    outputs: [value("block.1", ["B", "S", 64])],
    initializers: [0, 1].flatMap((block) =>
      names.map((name, index) => matrix(`blocks.${block}.attn.${name}.weight`, 4 * block + index + 1)),
    ),
  });
}

/** The projection of a block that takes 3,072 channels of attention and 9,216 of an MLP side by side. */
function singleBlockModel(): Uint8Array {
  const name = "single_transformer_blocks.0.attn.to_out";
  return model({
    nodes: [node("Identity", ["x"], "mixed"), node("MatMul", ["mixed", `${name}.weight`], "y", {}, "", name)],
    inputs: [value("x", ["B", "S", 12_288])],
    outputs: [value("y", ["B", "S", 2])],
    initializers: [tensor(`${name}.weight`, [12_288, 2], randomValues(12_288 * 2, 1))],
  });
}
