import type { LocatedWeight } from "../checkpoint/located-weight.ts";
import type { WeightLayout, WeightSource } from "../graph/model-graph.ts";

/** A tensor that a model asks for. */
export interface RequiredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** `transposed` where `shape` has the axes of the checkpoint's tensor exchanged; absent where it is as there. */
  readonly layout?: WeightLayout;
}

/**
 * The tensors that a model's graph asks for, sorted by name: the graph is built on a source that says yes to everything
 * and writes down what it was asked, so that no second list of a model's tensors exists.
 */
export function listTensors(build: (weights: WeightSource) => unknown): RequiredTensor[] {
  const tensors = new Map<string, RequiredTensor>();
  build({
    locate(name, shape, layout): LocatedWeight {
      tensors.set(name, { name, shape, ...(layout && { layout }) });
      return { dtype: "BF16", shape, file: "", location: "", byteOffset: 0, byteLength: 0 };
    },
  });
  return [...tensors.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
