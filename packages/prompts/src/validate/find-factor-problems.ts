import { isGraded } from "../crossed/factors.ts";
import type { Factor } from "../prompt-set.ts";
import type { UnlocatedProblem } from "./explain-issues.ts";

/** What is wrong with the factors of a crossed set, whatever its pairs are. */
export function findFactorProblems(factors: readonly Factor[]): UnlocatedProblem[] {
  return [
    ...findRepeated(factors.map(({ name }) => name)).map(({ value, index, first }): UnlocatedProblem => ({
      code: "duplicate-id",
      path: ["factors", index, "name"],
      what: "two factors have the same name",
      expected: "a name that no other factor has",
      received: `${JSON.stringify(value)} at factors[${first}] and at factors[${index}]`,
      advice: "Rename one of the two.",
    })),
    ...factors.flatMap(({ levels }, factor) =>
      findRepeated(levels.map(({ id }) => id)).map(({ value, index, first }): UnlocatedProblem => ({
        code: "duplicate-id",
        path: ["factors", factor, "levels", index, "id"],
        what: "two levels of a factor have the same id",
        expected: "an id that no other level of the factor has",
        received: `${JSON.stringify(value)} at levels[${first}] and at levels[${index}]`,
        advice: "Rename one of the two.",
      })),
    ),
    ...findGradedFactorProblems(factors),
    ...factors.flatMap(findGradeProblems),
  ];
}

function findGradedFactorProblems(factors: readonly Factor[]): UnlocatedProblem[] {
  const graded = factors.flatMap((factor, index) => (isGraded(factor) ? [{ factor, index }] : []));
  const expected = "one graded factor: it is the contrast, and the others are not graded";
  const [first, ...others] = graded;
  if (first === undefined) {
    return [
      {
        code: "missing-key",
        path: ["factors"],
        what: "no factor is graded",
        expected,
        received: "no grade",
        advice: "Give every level of the factor in which the sides of a pair differ a grade.",
      },
    ];
  }
  return others.map(({ factor, index }): UnlocatedProblem => ({
    code: "invalid-value",
    path: ["factors", index],
    what: "another factor is graded",
    expected,
    received: `grades of ${JSON.stringify(first.factor.name)} and of ${JSON.stringify(factor.name)}`,
    advice: "Remove the grades of one of the two.",
  }));
}

function findGradeProblems(factor: Factor, index: number): UnlocatedProblem[] {
  if (!isGraded(factor)) return [];
  const place = (level: number): PropertyKey[] => ["factors", index, "levels", level, "grade"];
  const { name, levels } = factor;
  const missing = levels.flatMap(({ id, grade }, level): UnlocatedProblem[] => {
    if (grade !== undefined) return [];
    return [
      {
        code: "missing-key",
        path: place(level),
        what: `the level ${JSON.stringify(id)} has no grade`,
        expected: `a number for each level of ${JSON.stringify(name)}`,
        received: "nothing",
        advice: "Grade all levels of the factor, or none.",
      },
    ];
  });
  const repeated = findRepeated(levels.map(({ grade }) => grade))
    .filter(({ value }) => value !== undefined)
    .map(({ value, index: level, first }): UnlocatedProblem => ({
      code: "invalid-value",
      path: place(level),
      what: "two levels have the same grade",
      expected: "a grade that no other level of the factor has",
      received: `${value} at levels[${first}] and at levels[${level}]`,
      advice: "Correct one of the two: the sides of a pair must differ in their grades.",
    }));
  return [...missing, ...repeated];
}

/** The values that stood in the list before, with the place where they did. */
function findRepeated<Value>(
  values: readonly Value[],
): { readonly value: Value; readonly index: number; readonly first: number }[] {
  const firstIndex = new Map<Value, number>();
  return values.flatMap((value, index) => {
    const first = firstIndex.get(value);
    if (first !== undefined) return [{ value, index, first }];
    firstIndex.set(value, index);
    return [];
  });
}
