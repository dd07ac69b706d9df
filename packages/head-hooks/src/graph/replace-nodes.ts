import type { NodeProto } from "onnx-buf";
import type { ModelView } from "./read-model.ts";

/** Put rewritten nodes in the place of others, by index. Ensures: other nodes keep their bytes. */
export function replaceNodes(view: ModelView, edited: ReadonlyMap<number, NodeProto>): ModelView {
  if (edited.size === 0) return view;
  return {
    ...view,
    nodes: view.nodes.map((node, index) => edited.get(index) ?? node),
    spans: {
      ...view.spans,
      nodes: view.spans.nodes.map((span, index) => (edited.has(index) ? undefined : span)),
      removed: [
        ...view.spans.removed,
        ...[...edited.keys()].flatMap((index) => view.spans.nodes[index] ?? []),
      ],
    },
  };
}
