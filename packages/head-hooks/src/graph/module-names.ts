import type { NodeProto, StringStringEntryProto } from "onnx-buf";
import type { GraphScope } from "./graph-scope.ts";

/** A string in the Python list that PyTorch's exporter writes: `['', 'layers.0', 'layers.0.fc', 'linear_8']`. */
const QUOTED = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g;

/** What exporters put behind the module in a node's name, as in `/layer.0/attention/dense/MatMul_1`. */
const OPERATOR_SUFFIX = /[/.][A-Z][A-Za-z0-9]*(?:_\d+)?(?:_quant)?$/;

/**
 * The paths of the module that a node was made from, as far as exporters leave them: in the node's metadata
 * (`pkg.torch.onnx.name_scopes`, `namespace`), in metadata of any key that holds the same, and in the node's name
 * (`/layer.0/attention/output/dense/MatMul` gives `layer.0.attention.output.dense`).
 */
export function moduleNames(node: NodeProto): string[] {
  const scopes = metadata(node.metadataProps, "pkg.torch.onnx.name_scopes").flatMap(quotedStrings);
  // The last scope is the node's own name; before it stand the modules from the outermost to the innermost.
  const fromScopes = scopes.slice(0, -1).at(-1) ?? "";
  const spaces = metadata(node.metadataProps, "namespace").flatMap((text) => text.split("/"));
  // Each level is `path: class`; the last one is the operation.
  const fromSpaces = spaces.slice(0, -1).at(-1)?.replace(/:.*$/s, "").trim() ?? "";
  return [fromScopes, fromSpaces, pathOfNodeName(node.name)].filter((name) => name !== "");
}

/**
 * The names that a constant had before the exporter folded it into a new one: `pkg.onnxscript.optimizer.folded_from`
 * in the metadata of its value_info, each with and without a final `.weight`.
 */
export function foldedNames(scope: GraphScope, value: string): string[] {
  const names: string[] = [];
  for (let at: GraphScope | undefined = scope; at !== undefined; at = at.parent) {
    const props = at.valueInfos.get(value)?.metadataProps ?? [];
    names.push(...metadata(props, "pkg.onnxscript.optimizer.folded_from").flatMap(quotedStrings));
  }
  return names.flatMap((name) => [name, withoutWeight(name)]);
}

/** A weight's name without a final `.weight`, `.weight_quantized` and the like: the module's path. */
export function withoutWeight(name: string): string {
  return name.replace(/\.weight(?:_(?:quantized|transposed|Q4|Q8)\w*)?$/, "");
}

function pathOfNodeName(name: string): string {
  if (!name.startsWith("/")) return "";
  const path = name.replace(OPERATOR_SUFFIX, "");
  return path === name ? "" : path.slice(1).replaceAll("/", ".");
}

function metadata(props: readonly StringStringEntryProto[], key: string): string[] {
  return props.filter((entry) => entry.key === key).map(({ value }) => value);
}

function quotedStrings(list: string): string[] {
  return [...list.matchAll(QUOTED)].map(([, single, double]) => single ?? double ?? "");
}
