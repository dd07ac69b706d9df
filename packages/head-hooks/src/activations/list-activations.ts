import { attentionRoles } from "../attention/attention-core.ts";
import { numbersOf } from "../graph/axis-arithmetic.ts";
import { axisSizes } from "../graph/axis-lengths.ts";
import { resolveConstant } from "../graph/constant-values.ts";
import { elementTypeOf, floatingPointType } from "../graph/element-types.ts";
import { type GraphScope, graphScopes, outerValues, statedAxes } from "../graph/graph-scope.ts";
import { inlineFunctions } from "../graph/inline-functions.ts";
import { type ModelView, readModel } from "../graph/read-model.ts";
import { isName, type Size } from "../graph/sizes.ts";
import type { Activation } from "./activation.ts";
import { moduleOf, moduleOutputs } from "./module-outputs.ts";

/**
 * The activations of a model: the floating-point values that the nodes of its main graph, functions written out, compute
 * from its inputs. Where the graph does not show a value's type it is listed, too.
 *
 * @returns in the order of the graph.
 * @throws HeadHooksError `malformed-model` if the bytes are no ONNX model.
 * @example
 * ```ts
 * const patterns = listActivations(bytes).filter(({ role }) => role === "pattern");
 * console.table(patterns.map(({ path, axes }) => ({ path, axes: axes?.join(" × ") })));
 * ```
 */
export function listActivations(model: Uint8Array): Activation[] {
  return findActivations(inlineFunctions(readModel(model)));
}

/** {@link listActivations} of a model that was read already, with its functions written out. */
export function findActivations(view: ModelView): Activation[] {
  const [scope] = graphScopes(view);
  const computed = computedValues(view, scope);
  const results = new Set(view.outputs.map(({ name }) => name));
  const outputs = outputNames(computed, moduleOutputs(scope, computed, results));
  const roles = attentionRoles(scope);
  const counts = new Map<string, number>();
  return computed.flatMap((value): Activation[] => {
    const node = scope.nodes[scope.producers.get(value) ?? -1];
    if (node === undefined) return [];
    const place = node.output.length > 1 ? `:${node.output.indexOf(value)}` : "";
    const module = moduleOf(node);
    const within =
      module === undefined ? [] : [`${countUp(counts, `${module}/${node.opType}`, place)}${place}`];
    const left = outputs.get(value) ?? [];
    const own = node.name === "" ? [] : [`${node.name}${place}`];
    return [
      {
        value,
        node: node.name,
        op: node.opType,
        names: [...new Set([value, ...own, ...left, ...within])],
        path: left[0] ?? within[0] ?? own[0] ?? value,
        elementType: floatingPointType(elementTypeOf(scope, value)) ?? null,
        axes: axesOf(scope, value),
        role: roles.get(value) ?? null,
      },
    ];
  });
}

/** The values that depend on an input, as far as they are, or may be, of a floating-point type. */
function computedValues(view: ModelView, scope: GraphScope): string[] {
  const dependent = new Set(
    view.inputs.map(({ name }) => name).filter((name) => !view.initializers.has(name)),
  );
  const computed: string[] = [];
  for (const node of scope.nodes) {
    if (![...node.input, ...outerValues(node)].some((input) => dependent.has(input))) continue;
    for (const value of node.output) {
      if (value === "") continue;
      dependent.add(value);
      const type = elementTypeOf(scope, value);
      const isFloat = type === undefined || floatingPointType(type) !== undefined;
      if (isFloat && resolveConstant(scope, value) === undefined) computed.push(value);
    }
  }
  return computed;
}

/** The names that modules give to what leaves them: the module's path, with `:K` behind it where several values leave it. */
function outputNames(
  values: readonly string[],
  left: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const byModule = new Map<string, string[]>();
  for (const value of values)
    for (const module of left.get(value) ?? [])
      byModule.set(module, [...(byModule.get(module) ?? []), value]);
  return new Map(
    values.map((value) => [
      value,
      (left.get(value) ?? []).map((module) => {
        const all = byModule.get(module) ?? [];
        return all.length === 1 ? module : `${module}:${all.indexOf(value)}`;
      }),
    ]),
  );
}

/** A name, with a number behind it from the second node on that has it, as PyTorch counts them. */
function countUp(counts: Map<string, number>, name: string, place: string): string {
  const count = counts.get(name + place) ?? 0;
  counts.set(name + place, count + 1);
  return count === 0 ? name : `${name}_${count}`;
}

/** The axes of a value: where the graph shows that one is as long as that of an input that has a name, by that name. */
function axesOf(scope: GraphScope, value: string): Activation["axes"] {
  const { sizes, isRankKnown } = axisSizes(scope, value);
  const stated = statedAxes(scope, value);
  if (!isRankKnown) return stated?.map((axis) => axis ?? null) ?? null;
  const { lengths } = numbersOf({ sizes, isRankKnown });
  return sizes.map((size, index) => lengths[index] ?? stated?.[index] ?? symbolOf(size) ?? null);
}

/** The name of a length that the model itself gave it; those of this package hold the value that they are of. */
function symbolOf(size: Size | undefined): string | undefined {
  if (size === undefined || !isName(size)) return undefined;
  const [name] = size.powers.keys();
  return name?.includes("[") === true ? undefined : name;
}
