import type { PromptPair } from "../prompt-set.ts";
import type { UnlocatedProblem } from "./explain-issues.ts";

/**
 * The pairs with copies of what `meta` records, to any depth, so that a change to one set reaches no other.
 *
 * The schema passes on what `meta` holds as it is. What cannot be copied, such as a function, is a problem.
 */
export function copyMeta(pairs: readonly PromptPair[]): {
  readonly pairs: readonly PromptPair[];
  readonly problems: readonly UnlocatedProblem[];
} {
  const problems: UnlocatedProblem[] = [];
  const copies = pairs.map((pair, index) => {
    if (pair.meta === undefined) return pair;
    try {
      return { ...pair, meta: structuredClone(pair.meta) };
    } catch (cause) {
      problems.push({
        code: "invalid-value",
        path: ["pairs", index, "meta"],
        what: "what meta records cannot be copied",
        expected: "data, as JSON or YAML can say it",
        received: cause instanceof Error ? cause.message : String(cause),
        advice: "Record what the value says, not a function or a symbol.",
      });
      return pair;
    }
  });
  return { pairs: copies, problems };
}
