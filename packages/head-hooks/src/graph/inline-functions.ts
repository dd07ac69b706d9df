import { clone, create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type ValueInfoProto,
} from "onnx-buf";
import { HeadHooksError } from "../head-hooks-error.ts";
import { nodeValues } from "./graph-scope.ts";
import { inputOf } from "./node-parts.ts";
import type { ModelView, Span } from "./read-model.ts";

/** Functions that call functions may write out to any size; real models stay far below. */
const MAXIMUM_NODES = 500_000;
const MAXIMUM_DEPTH = 32;

/**
 * Write the calls of the model's own functions out in the main graph, so that what they compute can be read and
 * tapped there. A node of a call gets the name `CALL/NODE`, a value inside it `CALL/VALUE`, with a number behind it
 * where the model has one of that name already; what a call reads and makes keeps its name. The values computed are the same: runtimes write functions out like this themselves.
 *
 * Requires: a view as it was read. Ensures: without calls the view itself is returned; other nodes keep their bytes.
 *
 * @param calls the calls to write out, as `ModelView.origins` names them; all by default.
 * @throws HeadHooksError `malformed-model` if functions call each other in a circle or write out to too many nodes,
 *   `unsupported-opset` if a function uses another version of an operator set than the model.
 */
export function inlineFunctions(view: ModelView, calls?: ReadonlySet<string>): ModelView {
  const functions = new Map(view.functions.map((entry) => [functionKey(entry), entry]));
  const prefixes = callPrefixes(view.nodes);
  const isWanted = (index: number, node: NodeProto): boolean =>
    functions.has(callKey(node)) && (calls === undefined || calls.has(prefixes[index] ?? ""));
  if (!view.nodes.some((node, index) => isWanted(index, node))) return view;

  const nodes: NodeProto[] = [];
  const spans: (Span | undefined)[] = [];
  const origins: (string | undefined)[] = [];
  const removed: Span[] = [...view.spans.removed];
  const valueInfos = new Map(view.valueInfos);
  const opsets = new Map(view.opsets);
  // Calls that stay take up their names too, so that the others are called the same whichever are written out.
  const taken: TakenNames = {
    values: new Set([
      ...view.inputs.map(({ name }) => name),
      ...view.initializers.keys(),
      ...view.nodes.flatMap(nodeValues),
    ]),
    nodes: new Set(view.nodes.map(({ name }) => name)),
  };
  for (const [index, node] of view.nodes.entries()) {
    const span = view.spans.nodes[index];
    if (!isWanted(index, node)) {
      if (functions.has(callKey(node))) {
        const aside = { valueInfos: new Map<string, ValueInfoProto>(), opsets: new Map(view.opsets) };
        writeOut(node, prefixes[index] ?? "", { functions, ...aside, taken, count: nodes.length }, 0);
      }
      nodes.push(node);
      spans.push(span);
      origins.push(undefined);
      continue;
    }
    const body = writeOut(
      node,
      prefixes[index] ?? "",
      { functions, valueInfos, opsets, taken, count: nodes.length },
      0,
    );
    for (const inner of body) {
      nodes.push(inner);
      spans.push(undefined);
      origins.push(prefixes[index]);
    }
    if (span !== undefined) removed.push(span);
  }
  return { ...view, nodes, opsets, valueInfos, origins, spans: { ...view.spans, nodes: spans, removed } };
}

/** The names that the main graph has, or will have. */
interface TakenNames {
  readonly values: Set<string>;
  readonly nodes: Set<string>;
}

interface Writing {
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly valueInfos: Map<string, ValueInfoProto>;
  readonly opsets: Map<string, number>;
  readonly taken: TakenNames;
  count: number;
}

function writeOut(call: NodeProto, prefix: string, writing: Writing, depth: number): NodeProto[] {
  const body = writing.functions.get(callKey(call));
  if (body === undefined) return [call];
  if (depth >= MAXIMUM_DEPTH) throw tooLarge("its functions call each other in a circle");
  requireSameOpsets(body, writing.opsets);
  const names = new Map<string, string>([["", ""]]);
  for (const [index, name] of body.input.entries()) names.set(name, inputOf(call, index));
  for (const [index, name] of body.output.entries())
    if (call.output[index]) names.set(name, call.output[index]);
  const rename = (name: string): string => {
    const own = names.get(name) ?? takeName(`${prefix}/${name}`, writing.taken.values);
    names.set(name, own);
    return own;
  };
  for (const info of body.valueInfo) writing.valueInfos.set(rename(info.name), info);
  const inner = callPrefixes(body.node);
  return body.node.flatMap((node, index) => {
    writing.count += 1;
    if (writing.count > MAXIMUM_NODES)
      throw tooLarge(`its functions write out to more than ${MAXIMUM_NODES} nodes`);
    const copy = renamed(node, rename, call, body);
    copy.name = `${prefix}/${node.name || (inner[index] ?? "")}`;
    // A call is replaced by what it computes, so that its name stays free.
    if (!writing.functions.has(callKey(copy))) copy.name = takeName(copy.name, writing.taken.nodes);
    return writeOut(copy, `${prefix}/${inner[index] ?? ""}`, writing, depth + 1);
  });
}

/** Take a name, with a number behind it where others have it. */
function takeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}_${number}`;
  taken.add(free);
  return free;
}

/** A copy of a function's node under the names of the call, attributes of the call filled in. */
function renamed(
  node: NodeProto,
  rename: (name: string) => string,
  call: NodeProto,
  body: FunctionProto,
): NodeProto {
  // Field by field: a spread would lose the defaults, which messages have from their prototype.
  const { name, opType, domain, overload, docString, metadataProps } = node;
  const copy = create(NodeProtoSchema, { name, opType, domain, overload, docString, metadataProps });
  copy.input = node.input.map(rename);
  copy.output = node.output.map(rename);
  copy.attribute = node.attribute.flatMap((attribute) => {
    if (attribute.refAttrName !== "") {
      const given =
        call.attribute.find(({ name }) => name === attribute.refAttrName) ??
        body.attributeProto.find(({ name }) => name === attribute.refAttrName);
      if (given === undefined) return [];
      const filled = clone(AttributeProtoSchema, given);
      filled.name = attribute.name;
      return [filled];
    }
    return [renamedGraphs(attribute, rename, call, body)];
  });
  return copy;
}

function renamedGraphs(
  attribute: AttributeProto,
  rename: (name: string) => string,
  call: NodeProto,
  body: FunctionProto,
): AttributeProto {
  if (attribute.g === undefined && attribute.graphs.length === 0) return attribute;
  const copy = clone(AttributeProtoSchema, attribute);
  for (const graph of copy.g === undefined ? copy.graphs : [copy.g]) renameGraph(graph, rename, call, body);
  return copy;
}

function renameGraph(
  graph: GraphProto,
  rename: (name: string) => string,
  call: NodeProto,
  body: FunctionProto,
): void {
  for (const info of [...graph.input, ...graph.output, ...graph.valueInfo]) info.name = rename(info.name);
  for (const tensor of graph.initializer) tensor.name = rename(tensor.name);
  graph.node = graph.node.map((node) => renamed(node, rename, call, body));
}

/** What the nodes' calls are known by: their names, or their first outputs where a name is missing or used twice. */
function callPrefixes(nodes: readonly NodeProto[]): string[] {
  const uses = new Map<string, number>();
  for (const { name } of nodes) uses.set(name, (uses.get(name) ?? 0) + 1);
  return nodes.map(({ name, output }, index) =>
    name !== "" && uses.get(name) === 1 ? name : (output[0] ?? `node_${index}`),
  );
}

function requireSameOpsets(body: FunctionProto, opsets: Map<string, number>): void {
  for (const { domain, version } of body.opsetImport) {
    const key = domain === "ai.onnx" ? "" : domain;
    const own = opsets.get(key);
    if (own === undefined) opsets.set(key, Number(version));
    else if (own !== Number(version)) {
      throw new HeadHooksError(
        "unsupported-opset",
        `the function ${body.domain}.${body.name} uses version ${version.toString()} of operator set "${key}", the model ${own}; write its functions out before hooking it`,
        { function: body.name, expected: own, received: Number(version) },
      );
    }
  }
}

function functionKey({ domain, name, overload }: FunctionProto): string {
  return `${domain}/${name}/${overload}`;
}

function callKey({ domain, opType, overload }: NodeProto): string {
  return `${domain}/${opType}/${overload}`;
}

function tooLarge(reason: string): HeadHooksError {
  return new HeadHooksError("malformed-model", `the model cannot be read: ${reason}`);
}
