import { ELEMENT, model, node, randomValues, tensor, value } from "./build-model.ts";

/**
 * A residual stack: per layer a wide hidden tensor `layer.N.hidden` [B, S, wide] that the projection `layer.N.out`
 * takes back to the stream. One hidden tensor at a time needs to be in memory. As in a model of bfloat16 weights that
 * computes in float32, each projection's weight passes a Cast, and all of these stand at the head of the node list.
 */
export function layeredModel(layers: number, width: number, wide: number): Uint8Array {
  const indices = [...Array(layers).keys()];
  return model({
    nodes: [
      ...indices.map((layer) =>
        node("Cast", [`layer.${layer}.weight`], `layer.${layer}.cast`, { to: ELEMENT.float32 }),
      ),
      ...indices.flatMap((layer) => [
        node("MatMul", [layer === 0 ? "x" : `stream.${layer - 1}`, "up"], `layer.${layer}.up`),
        node("Tanh", [`layer.${layer}.up`], `layer.${layer}.hidden`),
        node("MatMul", [`layer.${layer}.hidden`, `layer.${layer}.cast`], `layer.${layer}.out`),
        node("Add", [layer === 0 ? "x" : `stream.${layer - 1}`, `layer.${layer}.out`], `stream.${layer}`),
      ]),
    ],
    inputs: [value("x", ["B", "S", width])],
    outputs: [value(`stream.${layers - 1}`, undefined)],
    initializers: [
      tensor("up", [width, wide], randomValues(width * wide, 1)),
      ...indices.map((layer) =>
        tensor(`layer.${layer}.weight`, [wide, width], randomValues(wide * width, layer), "bfloat16"),
      ),
    ],
  });
}
