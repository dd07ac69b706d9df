import type { NodeProto } from "onnx-buf";
import type { GraphScope } from "../graph/graph-scope.ts";
import { moduleNames } from "../graph/module-names.ts";
import { operatorSet } from "../graph/node-parts.ts";

/** Operators that tools insert without a module's name, and that leave a value what it was. */
const INSERTED = operatorSet("Identity Cast QuantizeLinear DequantizeLinear");

/** The path of the module that a node was made from; `undefined` for the model itself, or where nothing shows it. */
export function moduleOf(node: NodeProto): string | undefined {
  return moduleNames(node)[0];
}

/**
 * The modules that each value leaves, innermost first: a node of the module makes it, and something outside reads it. That
 * is what a forward hook of the module sees.
 *
 * @param values those that may be outputs of modules.
 * @param results the model's outputs.
 */
export function moduleOutputs(
  scope: GraphScope,
  values: readonly string[],
  results: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const left = new Map<string, readonly string[]>();
  for (const value of values) {
    const node = scope.nodes[scope.producers.get(value) ?? -1];
    const module = node === undefined ? undefined : moduleOf(node);
    if (module === undefined) continue;
    const readers = [...readingModules(scope, value, results)];
    const isLeft = (path: string): boolean =>
      readers.some((reader) => reader !== path && !reader.startsWith(`${path}.`));
    left.set(value, enclosing(module).filter(isLeft));
  }
  return left;
}

/** A module and those around it, innermost first. */
function enclosing(module: string): string[] {
  const parts = module.split(".");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
}

/** The modules of the nodes that read a value; empty for the model itself, which reads its results. */
function readingModules(
  scope: GraphScope,
  value: string,
  results: ReadonlySet<string>,
  depth = 0,
): ReadonlySet<string> {
  const modules = new Set<string>(results.has(value) ? [""] : []);
  for (const index of scope.consumers.get(value) ?? []) {
    const node = scope.nodes[index];
    if (node === undefined) continue;
    const module = moduleOf(node);
    // The bound keeps a hostile graph from being walked without end; tools insert two or three of these in a row.
    if (module !== undefined || !INSERTED.has(node.opType) || depth > 4) modules.add(module ?? "");
    else
      for (const output of node.output)
        for (const own of readingModules(scope, output, results, depth + 1)) modules.add(own);
  }
  return modules;
}
