import type { GraphProto, NodeProto, ValueInfoProto } from "onnx-buf";
import { type ModelView, type TensorHeader, tensorHeader } from "./read-model.ts";

/** One graph of a model and what it can see: the main graph, or a body of an If, Loop or Scan inside it. */
export interface GraphScope {
  /** Where the graph is: empty for the main graph, else node names and attributes, as `If_3/then_branch`. */
  readonly path: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: ReadonlyMap<string, TensorHeader>;
  readonly valueInfos: ReadonlyMap<string, ValueInfoProto>;
  /** The node of this graph that makes a value, by its index. */
  readonly producers: ReadonlyMap<string, number>;
  /** The nodes of this graph that read a value, by their indices. */
  readonly consumers: ReadonlyMap<string, readonly number[]>;
  readonly parent: GraphScope | undefined;
}

/** A node and the graph that it stands in. */
export interface ScopedNode {
  readonly node: NodeProto;
  readonly index: number;
  readonly scope: GraphScope;
}

/** Subgraphs nest a few levels in real models; the bound keeps a hostile one from exhausting the stack. */
const MAXIMUM_DEPTH = 16;

/** The main graph and every graph inside it, outer before inner. */
export function graphScopes(view: ModelView): [main: GraphScope, ...inner: GraphScope[]] {
  const infos = [...view.inputs, ...view.outputs].map((info) => [info.name, info] as const);
  const main = makeScope("", view.nodes, view.initializers, new Map([...infos, ...view.valueInfos]));
  return [main, ...innerScopes(main, 0)];
}

/** The node that makes a value, in this graph or around it. */
export function producerOf(scope: GraphScope, value: string): ScopedNode | undefined {
  for (let at: GraphScope | undefined = scope; at !== undefined; at = at.parent) {
    const index = at.producers.get(value);
    const node = index === undefined ? undefined : at.nodes[index];
    if (index !== undefined && node !== undefined) return { node, index, scope: at };
  }
  return undefined;
}

/** The initializer of that name, in this graph or around it. */
export function initializerOf(scope: GraphScope, value: string): TensorHeader | undefined {
  for (let at: GraphScope | undefined = scope; at !== undefined; at = at.parent) {
    const found = at.initializers.get(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A value's axes where this graph states them: a number, the name of a symbol, or nothing. */
export function statedAxes(
  { valueInfos }: GraphScope,
  value: string,
): (number | string | undefined)[] | undefined {
  const type = valueInfos.get(value)?.type?.value;
  if (type?.case !== "tensorType") return undefined;
  return type.value.shape?.dim.map(({ value: dim }) => {
    if (dim.case === "dimValue") return dim.value > 0n ? Number(dim.value) : undefined;
    return dim.case === "dimParam" && dim.value !== "" ? dim.value : undefined;
  });
}

/** A node's operator with its domain, the default domain left empty: `/MatMul`, `com.microsoft/FusedMatMul`. */
export function operatorOf({ domain, opType }: NodeProto): string {
  return `${domain === "ai.onnx" ? "" : domain}/${opType}`;
}

/** The values from around a node that the graphs inside of it read. */
export function outerValues(node: NodeProto): string[] {
  return nodeGraphs(node).flatMap(({ graph }) => {
    const own = new Set([
      ...[...graph.input, ...graph.initializer].map(({ name }) => name),
      ...graph.sparseInitializer.map(({ values }) => values?.name ?? ""),
      ...graph.node.flatMap(({ output }) => output),
    ]);
    const read = graph.node.flatMap((inner) => [...inner.input, ...outerValues(inner)]);
    return [...read, ...graph.output.map(({ name }) => name)].filter((name) => !own.has(name));
  });
}

/** The names of values that a node makes, those inside its graphs too. */
export function nodeValues(node: NodeProto): string[] {
  return [
    ...node.output,
    ...nodeGraphs(node).flatMap(({ graph }) => [
      ...graph.input.map(({ name }) => name),
      ...graph.initializer.map(({ name }) => name),
      ...graph.node.flatMap(nodeValues),
    ]),
  ];
}

/** The node of the main graph that holds a graph of this path; −1 if none does. */
export function holderIndex(nodes: readonly NodeProto[], path: string): number {
  return nodes.findIndex((node, index) =>
    nodeGraphs(node).some(({ attribute }) => {
      const own = `${graphHolder(node, index)}/${attribute}`;
      return path === own || path.startsWith(`${own}/`);
    }),
  );
}

/** What the paths of a node's graphs begin with: its name, or what stands in for one. */
export function graphHolder({ name, output, opType }: NodeProto, index: number): string {
  return name || output[0] || `${opType}_${index}`;
}

/** The graphs in a node's attributes, with the attribute's name. */
function nodeGraphs(node: NodeProto): { attribute: string; graph: GraphProto }[] {
  return node.attribute.flatMap(({ name, g, graphs }) =>
    (g === undefined ? graphs : [g, ...graphs]).map((graph) => ({ attribute: name, graph })),
  );
}

function innerScopes(parent: GraphScope, depth: number): GraphScope[] {
  if (depth >= MAXIMUM_DEPTH) return [];
  return parent.nodes.flatMap((node, index) =>
    nodeGraphs(node).flatMap(({ attribute, graph }) => {
      const path = [parent.path, graphHolder(node, index), attribute];
      const scope = makeScope(
        path.filter((part) => part !== "").join("/"),
        graph.node,
        new Map(graph.initializer.map((tensor) => [tensor.name, tensorHeader(tensor, tensor.name)])),
        new Map([...graph.input, ...graph.output, ...graph.valueInfo].map((info) => [info.name, info])),
        parent,
      );
      return [scope, ...innerScopes(scope, depth + 1)];
    }),
  );
}

function makeScope(
  path: string,
  nodes: readonly NodeProto[],
  initializers: ReadonlyMap<string, TensorHeader>,
  valueInfos: ReadonlyMap<string, ValueInfoProto>,
  parent?: GraphScope,
): GraphScope {
  const producers = new Map<string, number>();
  const consumers = new Map<string, number[]>();
  for (const [index, node] of nodes.entries()) {
    for (const output of node.output) if (output !== "") producers.set(output, index);
    for (const input of new Set(node.input)) {
      if (input === "") continue;
      const readers = consumers.get(input);
      if (readers === undefined) consumers.set(input, [index]);
      else readers.push(index);
    }
  }
  return { path, nodes, initializers, valueInfos, producers, consumers, parent };
}
