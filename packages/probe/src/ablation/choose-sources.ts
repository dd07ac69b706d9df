import { ProbeError } from "../probe-error.ts";
import { itemAt } from "../reading.ts";
import type { AblationSettings } from "./ablation.ts";
import type { Fold } from "./fold-pairs.ts";
import { createOrders } from "./random-order.ts";

/** A prompt: a pair under one of its conditions. */
export interface Source {
  readonly pair: number;
  readonly condition: 0 | 1;
}

/**
 * The prompts whose passes give what is put in the place of the ablated units of each tested pair: none for zeros, all
 * prompts of the pairs that rank for the mean, and for resampling one of them, drawn for each pair. Both conditions of a
 * pair get the same, so that nothing of its contrast is left in a unit.
 *
 * @returns In the order of the settings' pairs.
 * @throws {ProbeError} if there is no other pair to draw from.
 */
export function chooseSources(
  folds: readonly Fold[],
  { method, pairs, seed }: Pick<AblationSettings, "method" | "pairs" | "seed">,
): (readonly Source[])[] {
  const drawOrder = createOrders("passes to resample", seed);
  return pairs.map((pair) => {
    const { rankedBy = [] } = folds.find(({ tested }) => tested.includes(pair)) ?? {};
    const prompts = (from: readonly number[]): Source[] =>
      from.flatMap((other): Source[] => [
        { pair: other, condition: 0 },
        { pair: other, condition: 1 },
      ]);
    if (method === "zero") return [];
    if (method === "mean") return prompts(rankedBy);
    const others = prompts(rankedBy.filter((other) => other !== pair));
    const [drawn] = drawOrder(others.length);
    if (drawn === undefined) {
      throw new ProbeError(
        "invalid-option",
        "The option `method: resample` draws from another pair, and the run has none. Use the option `method: mean`.",
        { option: "method" },
      );
    }
    return [itemAt(others, drawn)];
  });
}
