import type { NodeProto } from "onnx-buf";
import { HeadHooksError } from "../head-hooks-error.ts";
import { type ModelView, type TensorHeader, tensorHeader } from "./read-model.ts";

/**
 * The files that a model's weights lie in, relative to the model's folder, each once.
 *
 * @throws HeadHooksError `external-path` if a path is empty, absolute or leads through `..`: such a path could name
 *   any file of the machine, and ONNX Runtime refuses it.
 */
export function externalLocations(view: ModelView): string[] {
  const inner = [view.nodes, ...view.functions.map(({ node }) => node)].flatMap(attributeTensors);
  const headers = [...view.initializers.values(), ...inner];
  const locations = new Set<string>();
  for (const { name, externalLocation: location } of headers) {
    if (location === undefined) continue;
    const safe =
      location !== "" && !/^([\\/]|[A-Za-z]:)/.test(location) && !location.split(/[\\/]/).includes("..");
    if (!safe) {
      throw new HeadHooksError(
        "external-path",
        `the external data of "${name}" is at "${location}"; expected a path below the model's folder, neither absolute nor with ".."`,
        { tensor: name, location },
      );
    }
    locations.add(location);
  }
  return [...locations];
}

/** The tensors in the attributes of nodes, those of subgraphs too. */
function attributeTensors(nodes: readonly NodeProto[]): TensorHeader[] {
  return nodes.flatMap(({ attribute }) =>
    attribute.flatMap(({ t, tensors, g, graphs }) => {
      const own = t === undefined ? tensors : [t, ...tensors];
      const inner = g === undefined ? graphs : [g, ...graphs];
      const held = [...own, ...inner.flatMap(({ initializer }) => initializer)];
      return [
        ...held.map((tensor) => tensorHeader(tensor, tensor.name)),
        ...inner.flatMap(({ node }) => attributeTensors(node)),
      ];
    }),
  );
}
