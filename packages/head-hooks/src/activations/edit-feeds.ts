import { HeadHooksError } from "../head-hooks-error.ts";
import { nearestNames } from "../nearest-names.ts";
import type { ActivationLayout, EditInputs } from "./activation-tap.ts";

/** Values and the lengths of their axes, as runtimes give them: ONNX Runtime calls these `dims`, others `shape`. */
export type EditValues =
  | { readonly data: ArrayLike<number>; readonly dims: readonly number[] }
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

/** What a run does to one tapped activation. */
export interface ActivationEdit {
  /**
   * What it is replaced by: of its shape, as another run captured it, or of one that broadcasts to it, such as [C] for the
   * same vector at every token.
   */
  readonly replaceBy?: EditValues;
  /** What is added to it, after the replacement, likewise. */
  readonly add?: EditValues;
  /**
   * Where: for each axis of the activation the range `[start, stop)`, or `null` for all of it. `[null, [4, 7], null]` of
   * [B, S, C] are the tokens 4, 5 and 6 of every batch item. Default: everywhere.
   */
  readonly where?: readonly (readonly [start: number, stop: number] | null)[];
  /** The lengths of the activation's axes in this run; needed with `where`, unless `replaceBy` or `add` has them. */
  readonly shape?: readonly number[];
}

/** A tensor to feed: `new ort.Tensor(type, data, dims)`. */
export type EditFeed =
  | { readonly type: "bool"; readonly data: Uint8Array<ArrayBuffer>; readonly dims: readonly number[] }
  | { readonly type: "float32"; readonly data: Float32Array<ArrayBuffer>; readonly dims: readonly number[] };

/**
 * The inputs by which a run of a tapped model changes activations: those of every tap with `edit`, which leave the model's
 * outputs bit for bit as they are except where an edit is named.
 *
 * @param edits by the names of taps.
 * @returns by the names of graph inputs.
 * @throws HeadHooksError `invalid-address` if no tap with `edit` has that name, `shape-mismatch` if values or ranges do not
 *   fit the activation.
 * @example
 * ```ts
 * const patch = { "blocks.3": { replaceBy: clean["activation/blocks.3"], where: [null, [4, 7], null] } };
 * const feeds = { x };
 * for (const [name, { type, data, dims }] of Object.entries(editFeeds(layouts, patch)))
 *   feeds[name] = new ort.Tensor(type, data, dims);
 * ```
 */
export function editFeeds(
  layouts: readonly ActivationLayout[],
  edits: Readonly<Record<string, ActivationEdit>> = {},
): Record<string, EditFeed> {
  const editable = layouts.flatMap(({ name, edit, activation }) =>
    edit === null ? [] : [{ name, inputs: edit, axes: activation.axes }],
  );
  requireKnown(
    Object.keys(edits),
    editable.map(({ name }) => name),
  );
  return Object.fromEntries(
    editable.flatMap(({ name, inputs, axes }) => {
      const edit = Object.hasOwn(edits, name) ? edits[name] : undefined;
      return Object.entries(edit === undefined ? unchanged(inputs, axes) : feedsOf(name, inputs, axes, edit));
    }),
  );
}

function requireKnown(asked: readonly string[], known: readonly string[]): void {
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestNames(unknown, known, 3);
  throw new HeadHooksError(
    "invalid-address",
    nearest.length === 0
      ? `no tap was made with \`edit\`, so "${unknown}" cannot be changed; tap the model with \`edit: true\``
      : `no tap with \`edit\` is called "${unknown}"; the nearest are ${nearest.join(", ")}`,
    { address: unknown, nearest },
  );
}

type Axes = ActivationLayout["axes"];

/** Feeds that change nothing: of as many axes as the activation, all of length 1. */
function unchanged({ mask, replacement, addition }: EditInputs, axes: Axes): Record<string, EditFeed> {
  const dims = Array<number>(axes?.length ?? 1).fill(1);
  return {
    [mask]: { type: "bool", data: Uint8Array.of(0), dims },
    [replacement]: { type: "float32", data: Float32Array.of(0), dims },
    [addition]: { type: "float32", data: Float32Array.of(-0), dims },
  };
}

function feedsOf(
  name: string,
  inputs: EditInputs,
  axes: Axes,
  edit: ActivationEdit,
): Record<string, EditFeed> {
  const { replaceBy, add, where } = edit;
  if (replaceBy === undefined && add === undefined)
    throw mismatch(
      `the edit of "${name}" neither replaces nor adds; give \`replaceBy\` or \`add\`, or leave the edit out`,
    );
  for (const values of [replaceBy, add]) if (values !== undefined) requireValues(name, values, axes);
  const chosen = where === undefined ? undefined : chosenPlaces(name, axes, edit, where);
  const none = unchanged(inputs, axes);
  return {
    ...none,
    ...(replaceBy !== undefined && {
      [inputs.mask]: chosen ?? { type: "bool" as const, data: Uint8Array.of(1), dims: [1] },
      [inputs.replacement]: toFeed(replaceBy),
    }),
    ...(add !== undefined && {
      [inputs.addition]: chosen === undefined ? toFeed(add) : keepPlaces(toFeed(add), chosen),
    }),
  };
}

/** A mask: along an axis with a range as long as the activation, along others of length 1. */
function chosenPlaces(
  name: string,
  axes: Axes,
  { replaceBy, add, shape }: ActivationEdit,
  where: NonNullable<ActivationEdit["where"]>,
): EditFeed & { type: "bool" } {
  if (axes !== null && axes.length !== where.length)
    throw mismatch(
      `\`where\` of "${name}" must have an entry for each of ${axes.length} axes; received ${where.length}`,
    );
  const lengths = [shape, replaceBy && dimsOf(replaceBy), add && dimsOf(add)].find(
    (dims) => dims?.length === where.length,
  );
  const dims = where.map((range, axis): number => {
    if (range === null) return 1;
    const known = axes?.[axis];
    const length = typeof known === "number" ? known : lengths?.[axis];
    if (length === undefined)
      throw mismatch(
        `\`where\` of "${name}" needs to know how long axis ${axis} is in this run; give \`shape\``,
      );
    const [start, stop] = range;
    if (
      Number.isSafeInteger(start) &&
      Number.isSafeInteger(stop) &&
      0 <= start &&
      start < stop &&
      stop <= length
    )
      return length;
    throw mismatch(
      `\`where\` of "${name}" takes [${range.join(", ")}) of axis ${axis}, which must be a range within its ${length} places`,
    );
  });
  const data = new Uint8Array(dims.reduce((product, length) => product * length, 1));
  for (const [flat] of data.entries()) {
    const places = placesOf(flat, dims);
    const isInside = where.every((range, axis) => {
      const place = places[axis] ?? 0;
      return range === null || (range[0] <= place && place < range[1]);
    });
    data[flat] = Number(isInside);
  }
  return { type: "bool", data, dims };
}

/** Values at the chosen places, and −0 elsewhere, which changes nothing that it is added to. */
function keepPlaces(values: EditFeed & { type: "float32" }, chosen: EditFeed & { type: "bool" }): EditFeed {
  const rank = Math.max(values.dims.length, chosen.dims.length);
  const lengthAt = (dims: readonly number[], axis: number): number => dims[axis - rank + dims.length] ?? 1;
  const dims = Array.from({ length: rank }, (_, axis) =>
    Math.max(lengthAt(values.dims, axis), lengthAt(chosen.dims, axis)),
  );
  const data = new Float32Array(dims.reduce((product, length) => product * length, 1));
  for (const [flat] of data.entries()) {
    const places = placesOf(flat, dims);
    data[flat] = valueAt(chosen, places) === 1 ? valueAt(values, places) : -0;
  }
  return { type: "float32", data, dims };
}

/** The index along each axis of an element by its place in the row-major order. */
function placesOf(flat: number, dims: readonly number[]): number[] {
  const places: number[] = [];
  let rest = flat;
  for (const length of [...dims].reverse()) {
    places.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return places;
}

/** The element that broadcasting puts at a place. */
function valueAt({ data, dims }: EditFeed, places: readonly number[]): number {
  let index = 0;
  for (const [axis, length] of dims.entries()) {
    const place = places[axis + places.length - dims.length] ?? 0;
    index = index * length + (length === 1 ? 0 : place);
  }
  return data[index] ?? NaN;
}

function requireValues(name: string, values: EditValues, axes: Axes): void {
  const dims = dimsOf(values);
  const size = dims.reduce((product, length) => product * length, 1);
  if (size !== values.data.length)
    throw mismatch(
      `the values for "${name}" are ${values.data.length}, but [${dims.join(", ")}] takes ${size}`,
    );
  if (axes === null) return;
  const broadcasts = dims.every((length, axis) => {
    const own = axes[axis + axes.length - dims.length];
    return own !== undefined && (length === 1 || typeof own !== "number" || own === length);
  });
  if (broadcasts) return;
  const shown = axes.map((axis) => axis ?? "?").join(", ");
  throw mismatch(
    `the values for "${name}" of [${dims.join(", ")}] do not broadcast to the activation's [${shown}]`,
  );
}

function toFeed(values: EditValues): EditFeed & { type: "float32" } {
  return { type: "float32", data: Float32Array.from(values.data), dims: dimsOf(values) };
}

function dimsOf(values: EditValues): readonly number[] {
  return "dims" in values ? values.dims : values.shape;
}

function mismatch(message: string): HeadHooksError {
  return new HeadHooksError("shape-mismatch", message);
}
