import { access } from "node:fs/promises";
import { nearestName } from "./nearest-name.ts";
import type { PromptSet } from "./prompt-set.ts";
import { PromptsError } from "./prompts-error.ts";
import { readPromptSet } from "./read-prompt-set.ts";
import { builtInSets } from "./sets/built-in-sets.ts";

/** A built-in set in one line of a listing. */
export interface PromptSetSummary {
  /** What `loadPromptSet` takes. */
  readonly name: string;
  /** The set's version. */
  readonly version: string;
  /** One line for people. */
  readonly title: string;
  /** The number of pairs. */
  readonly pairs: number;
}

/**
 * Loads a built-in set by its name, or else a file.
 *
 * A built-in name wins over a file of that name; `./measure` is the file.
 *
 * @throws {PromptsError} `unknown-set` where there is neither, and everything that {@link readPromptSet} throws.
 * @example
 * const set = await loadPromptSet("measure");
 * set.pairs.length; // 25
 */
export async function loadPromptSet(nameOrPath: string): Promise<PromptSet> {
  const builtIn = builtInSets.get(nameOrPath);
  if (builtIn !== undefined) return builtIn();
  const looksLikePath = /[/\\]|\.\w+$/.test(nameOrPath);
  if (looksLikePath || (await exists(nameOrPath))) return readPromptSet(nameOrPath);
  const names = [...builtInSets.keys()];
  const near = nearestName(nameOrPath, names);
  throw new PromptsError(
    [
      {
        code: "unknown-set",
        path: "",
        what: "there is neither a built-in prompt set nor a file of this name",
        expected: `one of ${names.join(", ")}, or the path of a JSON, YAML or CSV file`,
        received: JSON.stringify(nameOrPath),
        advice: near === undefined ? "Check the name or the path." : `Did you mean ${JSON.stringify(near)}?`,
      },
    ],
    { source: "loadPromptSet" },
  );
}

/**
 * The sets that come with the package.
 *
 * @example
 * listPromptSets().map(({ name }) => name); // ["measure", "otherview", "paraphrase", "attribute", …]
 */
export function listPromptSets(): readonly PromptSetSummary[] {
  return [...builtInSets.values()].map((load) => {
    const { name, version, title, pairs } = load();
    return { name, version, title, pairs: pairs.length };
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
