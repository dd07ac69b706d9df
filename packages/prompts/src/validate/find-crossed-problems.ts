import { combineLevels, countCombinations, gradeOf, isGraded, joinIds } from "../crossed/factors.ts";
import {
  promptImages,
  promptText,
  type Factor,
  type FactorLevel,
  type PromptPair,
  type PromptSet,
  type PromptSide,
} from "../prompt-set.ts";
import type { UnlocatedProblem } from "./explain-issues.ts";
import { findFactorProblems } from "./find-factor-problems.ts";
import { describeValue, formatJsonPath, shorten } from "./json-path.ts";
import { indexLevels, readLevels } from "./read-levels.ts";

type Path = readonly PropertyKey[];

/** A side of a pair that has a level of every factor. */
interface CellSide {
  readonly side: PromptSide;
  readonly path: Path;
  /** In the order of the factors. */
  readonly levels: readonly FactorLevel[];
}

/** How far the grade of a pair may be from the difference of its levels' grades: by rounding only. */
const GRADE_TOLERANCE = 1e-9;

/** Why the sides of the pairs are not the cells of the set's factors; without factors they have no levels. */
export function findCrossedProblems({ factors, pairs }: PromptSet): UnlocatedProblem[] {
  if (factors === undefined) return pairs.flatMap(findStrayLevels);
  const problems = findFactorProblems(factors);
  if (problems.length > 0) return problems;
  const cells: CellSide[] = [];
  const indexed = indexLevels(factors);
  pairs.forEach((pair, index) => {
    const read = (["a", "b"] as const).map((key) => {
      const side = pair[key];
      const path = ["pairs", index, key];
      return { side, path, ...readLevels(side, { path, factors: indexed }) };
    });
    problems.push(...read.flatMap(({ problems }) => problems));
    const ofPair = read.flatMap(({ levels, ...place }) =>
      levels === undefined ? [] : [{ ...place, levels }],
    );
    problems.push(...findContrastProblems(pair, { path: ["pairs", index], factors, sides: ofPair }));
    cells.push(...ofPair);
  });
  problems.push(...findUnequalCells(cells));
  if (cells.length === 2 * pairs.length) problems.push(...findMissingCells(factors, cells));
  return problems;
}

function findStrayLevels(pair: PromptPair, index: number): UnlocatedProblem[] {
  return (["a", "b"] as const).flatMap((key): UnlocatedProblem[] => {
    const side = pair[key];
    if (typeof side === "string" || side.levels === undefined) return [];
    return [
      {
        code: "unknown-key",
        path: ["pairs", index, key, "levels"],
        what: "a side has levels, but the set has no factors",
        expected: "a prompt, or an object { prompt, images }",
        received: describeValue(side.levels),
        advice: "Remove them, or add the set's factors.",
      },
    ];
  });
}

/** The sides of a pair differ in the graded factor alone, and b has the greater grade. */
function findContrastProblems(
  { grade }: PromptPair,
  {
    path,
    factors,
    sides,
  }: { readonly path: Path; readonly factors: readonly Factor[]; readonly sides: readonly CellSide[] },
): UnlocatedProblem[] {
  const [a, b] = sides;
  if (a === undefined || b === undefined) return [];
  return factors.flatMap((factor, index): UnlocatedProblem[] => {
    const [small, large] = [a.levels[index], b.levels[index]];
    if (small === undefined || large === undefined) return [];
    const place = [...b.path, "levels", factor.name];
    if (!isGraded(factor)) return small === large ? [] : [describeOtherLevel(place, small, large)];
    const difference = gradeOf(large) - gradeOf(small);
    if (difference <= 0) return [describeOrder(place, small, large)];
    if (grade === undefined || Math.abs(grade - difference) <= GRADE_TOLERANCE) return [];
    return [
      {
        code: "invalid-value",
        path: [...path, "grade"],
        what: "the grade of a pair is not the difference of its levels' grades",
        expected: `${difference}, which is ${gradeOf(large)} − ${gradeOf(small)}`,
        received: String(grade),
        advice: "Correct it, or leave it out.",
      },
    ];
  });
}

function describeOtherLevel(path: Path, a: FactorLevel, b: FactorLevel): UnlocatedProblem {
  return {
    code: "invalid-value",
    path,
    what: "the sides of a pair differ in a factor that is not graded",
    expected: `${shorten(JSON.stringify(a.id))}, as side a has it`,
    received: shorten(JSON.stringify(b.id)),
    advice: "Give both sides the same level: the contrast is the graded factor alone.",
  };
}

function describeOrder(path: Path, a: FactorLevel, b: FactorLevel): UnlocatedProblem {
  return {
    code: "invalid-value",
    path,
    what: "side b does not have the greater grade",
    expected: `a level with a grade above ${gradeOf(a)}, which side a has`,
    received: `${shorten(JSON.stringify(b.id))}, whose grade is ${gradeOf(b)}`,
    advice: "Give the sides two levels, and b the one with the greater grade: the contrast is b − a.",
  };
}

/** A cell that is a side of several pairs is one measurement: its prompt and images are the same in each. */
function findUnequalCells(cells: readonly CellSide[]): UnlocatedProblem[] {
  const firsts = new Map<string, CellSide>();
  return cells.flatMap((cell): UnlocatedProblem[] => {
    const key = joinIds(cell.levels);
    const first = firsts.get(key);
    if (first === undefined) {
      firsts.set(key, cell);
      return [];
    }
    const describe = (member: string, expected: unknown, received: unknown): UnlocatedProblem => ({
      code: "invalid-value",
      path: [...cell.path, member],
      what: `the cell ${shorten(JSON.stringify(key))} does not have the same ${member} everywhere`,
      expected: `${describeValue(expected)}, as at ${formatJsonPath(first.path)}`,
      received: describeValue(received),
      advice: "Give sides with the same levels the same prompt and images.",
    });
    const [text, firstText] = [promptText(cell.side), promptText(first.side)];
    const [images, firstImages] = [promptImages(cell.side), promptImages(first.side)];
    return [
      ...(text === firstText ? [] : [describe("prompt", firstText, text)]),
      ...(JSON.stringify(images) === JSON.stringify(firstImages)
        ? []
        : [describe("images", firstImages, images)]),
    ];
  });
}

function findMissingCells(factors: readonly Factor[], cells: readonly CellSide[]): UnlocatedProblem[] {
  const seen = new Set(cells.map(({ levels }) => joinIds(levels)));
  const count = countCombinations(factors);
  if (seen.size === count) return [];
  // Stops at the first that is missing: there may be far more combinations than sides.
  const missing = findCombination(factors, (levels) => !seen.has(joinIds(levels)));
  return [
    {
      code: "invalid-value",
      path: ["pairs"],
      what: "a combination of levels is a side of no pair",
      expected: `each of the ${count} combinations`,
      received: `${seen.size} of them, without ${shorten(JSON.stringify(joinIds(missing)))}`,
      advice: "Add pairs for what is missing, or remove the level from its factor.",
    },
  ];
}

function findCombination(
  factors: readonly Factor[],
  isMeant: (levels: readonly FactorLevel[]) => boolean,
): readonly FactorLevel[] {
  for (const levels of combineLevels(factors)) if (isMeant(levels)) return levels;
  return [];
}
