import type { LocatedWeight } from "../checkpoint/component-weights.ts";
import type { WeightSource } from "../graph/model-graph.ts";

/** A tensor that a model asks for. */
export interface RequiredTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * The tensors that a model's graph asks for, sorted by name: the graph is built on a source that says yes to everything
 * and writes down what it was asked, so that no second list of a model's tensors exists.
 */
export function listTensors(build: (weights: WeightSource) => unknown): RequiredTensor[] {
  const shapes = new Map<string, readonly number[]>();
  build({
    locate(name, shape): LocatedWeight {
      shapes.set(name, shape);
      return { dtype: "BF16", shape, file: "", location: "", byteOffset: 0, byteLength: 0 };
    },
  });
  return [...shapes].map(([name, shape]) => ({ name, shape })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
