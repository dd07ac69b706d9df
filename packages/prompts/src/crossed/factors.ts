import type { Factor, FactorLevel } from "../prompt-set.ts";

/** Whether any level of a factor has a grade: in a valid set all of them have then, and those of no other factor. */
export function isGraded({ levels }: Factor): boolean {
  return levels.some(({ grade }) => grade !== undefined);
}

/** The grade of a level of the graded factor. */
export function gradeOf({ grade = NaN }: FactorLevel): number {
  return grade;
}

/** The factors of a set that breaks no rule: the graded one with its levels ascending, and the others in their order. */
export function splitFactors(factors: readonly Factor[]): {
  readonly contrast: Factor;
  readonly others: readonly Factor[];
} {
  const [graded = { name: "", levels: [] }] = factors.filter(isGraded);
  const levels = graded.levels.toSorted((one, other) => gradeOf(one) - gradeOf(other));
  return { contrast: { ...graded, levels }, others: factors.filter((factor) => !isGraded(factor)) };
}

/** Every combination of a level of each factor, the first factor slowest. */
export function* combineLevels([first, ...others]: readonly Factor[]): Generator<readonly FactorLevel[]> {
  if (first === undefined) {
    yield [];
    return;
  }
  for (const level of first.levels) for (const rest of combineLevels(others)) yield [level, ...rest];
}

/** How many combinations there are, without making them. */
export function countCombinations(factors: readonly Factor[]): number {
  return factors.reduce((product, { levels }) => product * levels.length, 1);
}

/** A property of one level of each factor, by the factors' names. */
export function byFactor<Value>(
  factors: readonly Factor[],
  levels: readonly FactorLevel[],
  valueOf: (level: FactorLevel) => Value,
): Record<string, Value> {
  return Object.fromEntries(levels.map((level, index) => [factors[index]?.name ?? "", valueOf(level)]));
}

/** The ids of levels in one text: they have no white space, so other levels give another text. */
export function joinIds(levels: readonly FactorLevel[]): string {
  return levels.map(({ id }) => id).join(" ");
}
