import type { PromptPair } from "../prompt-set.ts";
import { LINES, ONE_LINE } from "./characters.ts";
import { findCharacterProblem, type UnlocatedProblem } from "./explain-issues.ts";
import { describeValue } from "./json-path.ts";
import { MAX_NESTING } from "./limits.ts";

type Path = readonly PropertyKey[];

/**
 * The pairs with copies of what `meta` records, to any depth, so that a change to one set reaches no other.
 *
 * The schema passes on what `meta` holds as it is. What JSON cannot say, such as a function or NaN, is a problem.
 */
export function copyMeta(pairs: readonly PromptPair[]): {
  readonly pairs: readonly PromptPair[];
  readonly problems: readonly UnlocatedProblem[];
} {
  const problems: UnlocatedProblem[] = [];
  const copies = pairs.map((pair, index) => {
    if (pair.meta === undefined) return pair;
    return { ...pair, meta: copyObject(pair.meta, ["pairs", index, "meta"], problems) };
  });
  return { pairs: copies, problems };
}

function copyObject(value: object, path: Path, problems: UnlocatedProblem[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined) // as JSON leaves it out
      .map(([key, member]) => {
        const within = [...path, key];
        problems.push(...findCharacterProblem(key, within, ONE_LINE));
        return [key, copyValue(member, within, problems)];
      }),
  );
}

function copyValue(value: unknown, path: Path, problems: UnlocatedProblem[]): unknown {
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return value;
  if (typeof value === "string") {
    problems.push(...findCharacterProblem(value, path, LINES));
    return value;
  }
  if (path.length > MAX_NESTING) {
    problems.push(describeNesting(path));
  } else if (Array.isArray(value)) {
    return Array.from(value, (item: unknown, index) => copyValue(item, [...path, index], problems));
  } else if (isPlainObject(value)) {
    return copyObject(value, path, problems);
  } else {
    problems.push(describeOtherValue(value, path));
  }
  return null;
}

function isPlainObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function describeOtherValue(value: unknown, path: Path): UnlocatedProblem {
  return {
    code: "invalid-value",
    path,
    what: "what meta records is not data",
    expected: "a text, a finite number, true, false, null, a list or an object",
    received: describeValue(value),
    advice: "Record what the value says, as JSON can say it.",
  };
}

function describeNesting(path: Path): UnlocatedProblem {
  return {
    code: "too-large",
    path: path.slice(0, 3),
    what: "what meta records is nested too deeply",
    expected: `at most ${MAX_NESTING} levels, and nothing that contains itself`,
    received: "more",
    advice: "Flatten it.",
  };
}
