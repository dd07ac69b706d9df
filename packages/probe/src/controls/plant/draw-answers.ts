import { listCells, type PromptSet } from "@measure-plantain/prompts";
import { ProbeError } from "../../probe-error.ts";
import { valueAt } from "../../reading.ts";

/**
 * What planted units respond to: `contrast` to what separates the sides of all pairs; in a crossed set, `axis` to the graded
 * factor, in the same way in every row (every object), `object` to it in one row alone, `wording` to its levels, alike in every
 * row, but not in the order of the grades.
 */
export type PlantKind = "contrast" | "axis" | "object" | "wording";

/** What a unit's answers are drawn for: the pairs of a set, or the cells [rows, levels] of a crossed one. */
export type AnswerDesign =
  | { readonly kind: "contrast"; readonly pairs: number }
  | {
      readonly kind: Exclude<PlantKind, "contrast">;
      readonly rows: number;
      /** The grade of each level, ascending. */
      readonly grades: readonly number[];
    };

/**
 * What a plant's answers are drawn for in a set.
 *
 * @throws {ProbeError} `cannot-plant` if the set is not crossed, which all kinds but `contrast` need.
 */
export function answerDesign(kind: PlantKind, promptSet: PromptSet): AnswerDesign {
  if (kind === "contrast") return { kind, pairs: promptSet.pairs.length };
  const cells = listCells(promptSet);
  if (cells !== null) return { kind, rows: cells.rows.length, grades: cells.grades };
  throw new ProbeError(
    "cannot-plant",
    `The control planted-${kind} needs a crossed prompt set, such as measure-crossed, and ${promptSet.name} has no factors. Use such a set, or leave the control out.`,
  );
}

/** Standard normal numbers. */
export type Draw = (count: number) => Float32Array;

/** How strong an answer is, and how far it scatters. */
export interface AnswerSize {
  /** Of `contrast`, the mean over the pairs; else the standard deviation over the levels, before the scatter. */
  readonly effect: number;
  /** The effect over the scatter's standard deviation. */
  readonly cohensDz: number;
}

/** How many answers a unit of a design has. */
export function countAnswers(design: AnswerDesign): number {
  return design.kind === "contrast" ? design.pairs : design.rows * design.grades.length;
}

/** Draws what one planted unit answers: the sign says whether it grows or shrinks along the contrast. */
export function drawAnswers(design: AnswerDesign, sign: 1 | -1, size: AnswerSize, draw: Draw): number[] {
  const { effect, cohensDz } = size;
  const scatter = standardize(draw(countAnswers(design))).map((value) => value / cohensDz);
  if (design.kind === "contrast") return scatter.map((value) => sign * effect * (1 + value));
  const pattern = drawPattern(design, draw);
  return centre(pattern.map((value, cell) => sign * effect * (value + valueAt(scatter, cell))));
}

/** What a decoy answers: as much, but to the pairs in random directions, or to the levels of each row in a random order. */
export function drawDecoy(design: AnswerDesign, size: AnswerSize, draw: Draw): number[] {
  if (design.kind === "contrast") {
    const steady = drawAnswers(design, 1, size, draw);
    const signs = draw(design.pairs);
    return steady.map((value, pair) => (valueAt(signs, pair) < 0 ? -value : value));
  }
  const levels = design.grades.length;
  const steady = drawAnswers({ ...design, kind: "axis" }, 1, size, draw);
  return Array.from({ length: design.rows }, (_, row) =>
    shuffle(steady.slice(row * levels, (row + 1) * levels), draw(levels)),
  ).flat();
}

/** The answers without their scatter, [rows × levels], in standard deviations over the levels of a row. */
function drawPattern(
  { kind, rows, grades }: Exclude<AnswerDesign, { kind: "contrast" }>,
  draw: Draw,
): number[] {
  const slope = standardize(grades);
  if (kind === "axis") return repeat(rows, () => slope);
  if (kind === "wording") {
    const profile = standardize(withoutPart(draw(grades.length), slope));
    return repeat(rows, () => profile);
  }
  const [only = 0] = shuffle([...Array(rows).keys()], draw(rows));
  // As much in one row as the others have in all: the same sum of squares.
  return repeat(rows, (row) => slope.map((value) => (row === only ? Math.sqrt(rows) * value : 0)));
}

function repeat(rows: number, patternOf: (row: number) => readonly number[]): number[] {
  return Array.from({ length: rows }, (_, row) => patternOf(row)).flat();
}

/** What is left of values when their mean and their part along a standardised direction are taken out. */
function withoutPart(values: ArrayLike<number>, direction: readonly number[]): number[] {
  const centred = centre(Array.from(values));
  const along = centred.reduce((sum, value, index) => sum + value * valueAt(direction, index), 0);
  const squares = direction.reduce((sum, value) => sum + value ** 2, 0);
  return centred.map((value, index) => value - (along / squares) * valueAt(direction, index));
}

/** In the order of random keys. */
export function shuffle<Item>(items: readonly Item[], keys: ArrayLike<number>): Item[] {
  return items
    .map((item, index) => ({ item, key: valueAt(keys, index) }))
    .sort((one, other) => one.key - other.key)
    .map(({ item }) => item);
}

function centre(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** Shifted and scaled to a mean of 0 and a standard deviation (N − 1) of 1. */
function standardize(values: ArrayLike<number>): number[] {
  const centred = centre(Array.from(values));
  const squares = centred.reduce((sum, value) => sum + value ** 2, 0);
  const deviation = Math.sqrt(squares / (centred.length - 1));
  return centred.map((value) => value / deviation);
}
