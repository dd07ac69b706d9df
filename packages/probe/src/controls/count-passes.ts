import type { PromptSet } from "@measure-plantain/prompts";
import type { Control } from "./parse-controls.ts";

/**
 * How many single passes a run of a set with its controls takes, each under one noise, fixed image and noise level: one for each
 * side of each pair. A planted control measures what its units are fed before it runs, so it takes twice as many.
 *
 * @example
 * countPasses(await loadPromptSet("measure"), []); // 50
 */
export function countPasses({ pairs }: PromptSet, controls: readonly Control[]): number {
  const passes = (count: number): number => 2 * count;
  const ofControls = controls.map((control) => {
    if (control.kind === "prompts") return passes(control.promptSet.pairs.length);
    return passes(control.kind === "planted" ? 2 * pairs.length : pairs.length);
  });
  return ofControls.reduce((sum, count) => sum + count, passes(pairs.length));
}
