import { promptText, sideLevels, type Factor, type PromptSet, type PromptSide } from "../prompt-set.ts";
import { PromptsError } from "../prompts-error.ts";
import { findCrossedProblems } from "../validate/find-crossed-problems.ts";
import { formatJsonPath } from "../validate/json-path.ts";
import { byFactor, combineLevels, gradeOf, joinIds, splitFactors } from "./factors.ts";

/** A side of a pair in which a cell was measured. */
export interface CellPlace {
  /** The pair's place in the set, from 0. */
  readonly pair: number;
  /** 0 for side a, 1 for side b. */
  readonly condition: 0 | 1;
}

/** One combination of the levels of all factors. */
export interface CrossedCell {
  /** The cell's row: its combination of levels of the factors that are not graded. */
  readonly row: number;
  /** The place of its graded level among the ascending ones. */
  readonly level: number;
  /** What it says. */
  readonly prompt: string;
  /** At least one; with several, they are measurements of one cell, to be averaged. */
  readonly places: readonly CellPlace[];
}

/** One combination of the levels of the factors that are not graded. */
export interface CrossedRow {
  /** The ids of its levels with spaces between them. */
  readonly id: string;
  /** Ids of its levels by the names of their factors. */
  readonly levels: Readonly<Record<string, string>>;
}

/** A crossed set as a table: the map by which measurements [pairs, 2, units] become [rows × levels, units]. */
export interface CrossedCells {
  /** The graded factor, its levels ascending. */
  readonly contrast: Factor;
  /** The other factors. */
  readonly others: readonly Factor[];
  /** [levels], ascending. */
  readonly grades: readonly number[];
  /** Every combination of levels of the other factors, the first factor slowest. */
  readonly rows: readonly CrossedRow[];
  /** [rows × levels], row by row. */
  readonly cells: readonly CrossedCell[];
}

/**
 * The cells of a crossed set and the sides in which each of them stands; null if the set has no factors.
 *
 * @throws {PromptsError} naming each rule of crossed sets that a set breaks; sets that were read or defined break none.
 * @example
 * const table = listCells(await loadPromptSet("measure-crossed"));
 * table?.rows[1]; // { id: "sphere", levels: { object: "sphere" } }
 * table?.cells[6]; // its smallest size: { row: 1, level: 0, prompt: "A 100 micron wide …", places: [{ pair: 3, condition: 0 }] }
 */
export function listCells(set: PromptSet): CrossedCells | null {
  const { factors, name: source } = set;
  if (factors === undefined) return null;
  const [problem, ...more] = findCrossedProblems(set).map((found) => ({
    ...found,
    path: formatJsonPath(found.path),
  }));
  if (problem !== undefined) throw new PromptsError([problem, ...more], { source });
  const { contrast, others } = splitFactors(factors);
  const measured = collectCells(set, [...others, contrast]);
  const rows = [...combineLevels(others)];
  return {
    contrast,
    others,
    grades: contrast.levels.map(gradeOf),
    rows: rows.map((levels) => ({ id: joinIds(levels), levels: byFactor(others, levels, ({ id }) => id) })),
    cells: rows.flatMap((levels, row) =>
      contrast.levels.map((graded, level) => {
        const { prompt = "", places = [] } = measured.get(joinIds([...levels, graded])) ?? {};
        return { row, level, prompt, places };
      }),
    ),
  };
}

/** What the set says of each cell, by the ids of its levels in the order of `factors`. */
function collectCells(
  { pairs }: PromptSet,
  factors: readonly Factor[],
): ReadonlyMap<string, { readonly prompt: string; readonly places: readonly CellPlace[] }> {
  const cells = new Map<string, { prompt: string; places: CellPlace[] }>();
  const add = (side: PromptSide, place: CellPlace): void => {
    const levels = sideLevels(side);
    const key = factors.map(({ name }) => levels[name]).join(" ");
    const cell = cells.get(key) ?? { prompt: promptText(side), places: [] };
    cell.places.push(place);
    cells.set(key, cell);
  };
  pairs.forEach(({ a, b }, pair) => {
    add(a, { pair, condition: 0 });
    add(b, { pair, condition: 1 });
  });
  return cells;
}
