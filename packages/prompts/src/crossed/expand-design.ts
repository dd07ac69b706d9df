import { fillTemplate } from "../fill-template.ts";
import type { Factor, FactorLevel, PromptPair, PromptSet, PromptSide } from "../prompt-set.ts";
import { byFactor, combineLevels, gradeOf, joinIds, splitFactors } from "./factors.ts";

/** A crossed set whose pairs are made from a template and its factors. */
export interface CrossedDesign extends Omit<PromptSet, "pairs" | "factors"> {
  /** A prompt with the name of each factor in braces. */
  readonly template: string;
  /** At least two, with a text for every level. */
  readonly factors: readonly Factor[];
}

/**
 * The pairs that a design makes; `findDesignProblems` has seen that it can.
 *
 * In each combination of the other factors, level i of the K graded ones, ascending, is paired with level
 * i + ⌊K / 2⌋: every cell is a side of a pair, of exactly one if K is even, and the contrasts are about equally large.
 */
export function expandDesign({ template, factors, ...head }: CrossedDesign): PromptSet {
  const { contrast, others } = splitFactors(factors);
  const { levels } = contrast;
  const shift = Math.floor(levels.length / 2);
  const pairs = [...combineLevels(others)].flatMap((row) =>
    levels.slice(shift).flatMap((large, index) => {
      const small = levels[index];
      if (small === undefined) return [];
      return [pairCells(template, { factors: [...others, contrast], row, small, large })];
    }),
  );
  return { ...head, factors, pairs };
}

function pairCells(
  template: string,
  {
    factors,
    row,
    small,
    large,
  }: {
    readonly factors: readonly Factor[];
    readonly row: readonly FactorLevel[];
    readonly small: FactorLevel;
    readonly large: FactorLevel;
  },
): PromptPair {
  const fill = (contrast: FactorLevel): PromptSide => {
    const levels = [...row, contrast];
    const values = byFactor(factors, levels, ({ text = "" }) => text);
    return {
      prompt: fillTemplate(template, values),
      levels: byFactor(factors, levels, ({ id }) => id),
    };
  };
  return {
    id: `${joinIds([...row, small])} to ${large.id}`,
    a: fill(small),
    b: fill(large),
    grade: gradeOf(large) - gradeOf(small),
  };
}
