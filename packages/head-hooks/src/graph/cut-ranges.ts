import { axisFromEnd, type AxisLengths } from "./axis-arithmetic.ts";
import { listedIntegers } from "./constant-values.ts";
import type { ScopedNode } from "./graph-scope.ts";
import { axisAttribute, inputOf } from "./node-parts.ts";

/** What a Slice or Split leaves of one axis. */
export interface AxisCut {
  /** The axis counted from the last one: −1, −2, …; `undefined` where the graph does not show which it is. */
  readonly axis: number | undefined;
  /** The first index that is left; `undefined` where it is computed, or the axis is reversed or thinned out. */
  readonly start: number | undefined;
  /** How many are left; `undefined` where that is not shown. */
  readonly length: number | undefined;
}

/** What a Slice or Split leaves of the axes that it cuts; `undefined` where not even these axes are shown. */
export function axisCuts(found: ScopedNode, value: string, input: AxisLengths): AxisCut[] | undefined {
  return found.node.opType === "Split" ? [splitCut(found, value, input)] : sliceCuts(found, input);
}

function splitCut(found: ScopedNode, value: string, input: AxisLengths): AxisCut {
  const { node } = found;
  const axis = axisFromEnd(axisAttribute(node), input);
  const whole = axis === undefined ? undefined : input.lengths.at(axis);
  const given = listedIntegers(found, "split", 1);
  const isComputed = given === undefined && inputOf(node, 1) !== "";
  const share = whole === undefined || isComputed ? undefined : Math.ceil(whole / node.output.length);
  const index = node.output.indexOf(value);
  const length = given === undefined ? share : given[index];
  if (given !== undefined)
    return { axis, length, start: given.slice(0, index).reduce((sum, size) => sum + size, 0) };
  if (share === undefined || whole === undefined) return { axis, length: undefined, start: undefined };
  return { axis, start: share * index, length: Math.min(share, whole - share * index) };
}

function sliceCuts(found: ScopedNode, input: AxisLengths): AxisCut[] | undefined {
  const { node } = found;
  const [starts, ends, given, steps] = (["starts", "ends", "axes", "steps"] as const).map((name, index) =>
    listedIntegers(found, name, index + 1),
  );
  const isComputed = given === undefined && inputOf(node, 3) !== "";
  const axes = given ?? (isComputed ? undefined : [...(starts ?? ends ?? []).keys()]);
  if (axes === undefined || axes.length === 0) return undefined;
  return axes.map((axis, index) => {
    const fromEnd = axisFromEnd(axis, input);
    const whole = fromEnd === undefined ? undefined : input.lengths.at(fromEnd);
    const [first, last] = [starts?.[index], ends?.[index]];
    const isEveryOne = inputOf(node, 4) === "" || steps?.[index] === 1;
    if (!isEveryOne || first === undefined || last === undefined) {
      return { axis: fromEnd, start: undefined, length: undefined };
    }
    if (whole === undefined)
      return { axis: fromEnd, start: first >= 0 ? first : undefined, length: undefined };
    const at = (place: number): number => Math.min(Math.max(place < 0 ? whole + place : place, 0), whole);
    return { axis: fromEnd, start: at(first), length: Math.max(at(last) - at(first), 0) };
  });
}
