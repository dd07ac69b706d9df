import { expandPath, matchNames, type NameMatch } from "../attention/name-pattern.ts";
import type { ElementType } from "../graph/element-types.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import { nearestNames } from "../nearest-names.ts";
import { REDUCTIONS } from "../units/reductions.ts";
import type { Activation } from "./activation.ts";
import type { ActivationLayout, ActivationTap } from "./activation-tap.ts";

/** How an activation is captured. */
export interface CaptureSpec {
  readonly capture: ActivationLayout["capture"];
  /** The activation's type; `null` where the graph does not show it. */
  readonly elementType: ElementType | null;
  /** The shape to which the activation is viewed, 0 for an axis that stays; `undefined` if it is not. */
  readonly grouping: readonly number[] | undefined;
  /** The axes that are reduced, of the view if there is one. */
  readonly axes: readonly number[];
}

/** A tap and how its activation is captured. */
export interface PlannedTap {
  readonly layout: ActivationLayout;
  readonly spec: CaptureSpec;
}

/** What the names of what is added begin with. */
const PREFIX = "activation";

/**
 * The activations that the taps mean, taps in their order, those of one tap in the order of the graph.
 *
 * @throws HeadHooksError `no-match`, `tapped-twice`, `duplicate-address`, `invalid-argument`, `group-size`,
 *   `unsupported-element-type`.
 */
export function readTaps(activations: readonly Activation[], taps: readonly ActivationTap[]): PlannedTap[] {
  if (taps.length === 0) throw invalid("`taps` is empty; name at least one activation");
  const planned = taps.flatMap((tap) =>
    matchActivations(activations, tap.at).map(({ named: activation, match }) => {
      const name = tap.name === undefined ? activation.path : expandPath(tap.name, match);
      if (name === "")
        throw invalid(
          `the tap at "${labelOf(tap.at)}" has an empty name; leave the name out, or give it one`,
        );
      return planTap(activation, name, tap);
    }),
  );
  requireDistinct(planned);
  return planned;
}

function matchActivations(
  activations: readonly Activation[],
  at: ActivationTap["at"],
): { named: Activation; match: NameMatch }[] {
  if (typeof at === "object" && !(at instanceof RegExp)) {
    const named = activations.find(({ value, op }) => value === at.value && op === at.op);
    if (named !== undefined) return [{ named, match: { name: named.path, captures: [], groups: new Map() } }];
    throw new HeadHooksError(
      "no-match",
      `the model has no activation "${at.value}" of ${at.op}; take the activation from a listing of this very model`,
      { at: at.value, nearest: [] },
    );
  }
  const found = matchNames(activations, at);
  if (found.length > 0) return found;
  const nearest = nearestNames(
    String(at),
    activations.flatMap(({ names }) => names),
    5,
  );
  throw new HeadHooksError(
    "no-match",
    `"${String(at)}" matches none of the model's ${activations.length} activations; the nearest names are ${nearest.join(", ")}. A glob must match the whole name; listActivations shows all`,
    { at: String(at), nearest },
  );
}

function planTap(activation: Activation, name: string, tap: ActivationTap): PlannedTap {
  const { capture = "raw", groupSize = 1, edit = false } = tap;
  if (capture !== "raw" && capture !== "none" && !REDUCTIONS.includes(capture)) {
    throw invalid(
      `\`capture\` of "${name}" must be raw, none, ${REDUCTIONS.join(", ")}; received "${capture as string}"`,
    );
  }
  const { elementType, axes } = activation;
  if (edit && elementType === null) {
    throw new HeadHooksError(
      "unsupported-element-type",
      `the graph does not show the element type of "${activation.value}", so it cannot be edited; run ONNX shape inference on the model first`,
      { value: activation.value },
    );
  }
  const isReduced = capture !== "raw" && capture !== "none";
  if (!isReduced && (tap.over !== undefined || groupSize !== 1)) {
    throw invalid(
      `the tap "${name}" captures ${capture}, so \`over\` and \`groupSize\` have nothing to reduce; leave them out`,
    );
  }
  const reduced = isReduced
    ? planReduction(activation, name, { over: tap.over ?? [1], groupSize })
    : undefined;
  const prefix = `${PREFIX}/${name}`;
  return {
    layout: {
      name,
      activation,
      output: capture === "none" ? null : prefix,
      capture,
      axes: capture === "none" ? null : (reduced?.left ?? axes),
      groupSize,
      edit: edit
        ? { mask: `${prefix}/mask`, replacement: `${prefix}/replacement`, addition: `${prefix}/addition` }
        : null,
    },
    spec: { capture, elementType, grouping: reduced?.grouping, axes: reduced?.axes ?? [] },
  };
}

/** The view that a reduction takes, the axes that it is over, and those that are left. */
function planReduction(
  { axes, value }: Activation,
  name: string,
  { over, groupSize }: { readonly over: readonly number[]; readonly groupSize: number },
): { grouping: number[] | undefined; axes: number[]; left: (number | string | null)[] } {
  if (axes === null) {
    throw invalid(
      `the graph does not show how many axes "${value}" has, so "${name}" cannot be reduced; capture it raw, or run ONNX shape inference on the model first`,
    );
  }
  const rank = axes.length;
  const places = over.map((axis) => (axis < 0 ? axis + rank : axis));
  const isList = places.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < rank);
  if (!isList || new Set(places).size !== places.length) {
    throw invalid(`\`over\` of "${name}" must name different axes of ${rank}; received [${over.join(", ")}]`);
  }
  const left = axes.filter((_, axis) => !places.includes(axis));
  if (groupSize === 1) {
    if (places.length === 0)
      throw invalid(`\`over\` of "${name}" is empty, and so is nothing reduced; capture it raw`);
    return { grouping: undefined, axes: places, left };
  }
  const channels = axes.at(-1);
  const fits =
    Number.isSafeInteger(groupSize) &&
    groupSize > 0 &&
    typeof channels === "number" &&
    channels % groupSize === 0;
  if (!fits || places.includes(rank - 1)) {
    throw new HeadHooksError(
      "group-size",
      `the last axis of "${value}" is of ${channels ?? "unknown"} channels${places.includes(rank - 1) ? ", over which `over` reduces already" : ""}, so "${name}" cannot take groups of ${groupSize}; choose a divisor of a known last axis`,
      { value, groupSize },
    );
  }
  const groups = channels / groupSize;
  return {
    grouping: [...axes.slice(0, -1).map(() => 0), groups, groupSize],
    axes: [...places, rank],
    left: [...left.slice(0, -1), groups],
  };
}

/** Each tap has a name of its own, and an activation is edited once. */
function requireDistinct(planned: readonly PlannedTap[]): void {
  const byName = new Map<string, string>();
  const editedAs = new Map<string, string>();
  for (const { layout } of planned) {
    const { name, edit } = layout;
    const { value } = layout.activation;
    const other = byName.get(name);
    if (other !== undefined) {
      throw new HeadHooksError(
        "duplicate-address",
        other === value
          ? `"${value}" would be tapped twice as "${name}"; make one of the patterns narrower, or give one of the taps a name`
          : `"${other}" and "${value}" would both be called "${name}"; put what the pattern matched into the name, as in "{1}", or leave it out`,
        { path: name, owners: [other, value] },
      );
    }
    byName.set(name, value);
    if (edit === null) continue;
    const earlier = editedAs.get(value);
    if (earlier !== undefined) {
      throw new HeadHooksError(
        "tapped-twice",
        `"${value}" would be edited as "${earlier}" and again as "${name}"; leave \`edit\` out of one of them`,
        { value, patterns: [earlier, name] },
      );
    }
    editedAs.set(value, name);
  }
}

function labelOf(at: ActivationTap["at"]): string {
  return typeof at === "string" || at instanceof RegExp ? String(at) : at.path;
}

function invalid(message: string): HeadHooksError {
  return new HeadHooksError("invalid-argument", message);
}
