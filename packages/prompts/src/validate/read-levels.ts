import { sideLevels, type Factor, type FactorLevel, type PromptSide } from "../prompt-set.ts";
import type { UnlocatedProblem } from "./explain-issues.ts";
import { shorten } from "./json-path.ts";

type Path = readonly PropertyKey[];

/** A factor whose levels are found by their ids. */
export interface IndexedFactor {
  readonly name: string;
  readonly levels: ReadonlyMap<string, FactorLevel>;
  /** The first of the ids, for messages. */
  readonly ids: string;
}

/** A file may have as many sides as levels: each level is looked up, not searched for. */
export function indexLevels(factors: readonly Factor[]): IndexedFactor[] {
  return factors.map(({ name, levels }) => ({
    name,
    levels: new Map(levels.map((level) => [level.id, level])),
    ids: nameSome(levels.map(({ id }) => id)),
  }));
}

/** The level of each factor that a side has, in the order of the factors; none if something is wrong with them. */
export function readLevels(
  side: PromptSide,
  { path, factors }: { readonly path: Path; readonly factors: readonly IndexedFactor[] },
): { readonly problems: readonly UnlocatedProblem[]; readonly levels?: readonly FactorLevel[] } {
  const given = new Map(Object.entries(sideLevels(side)));
  const place = [...path, "levels"];
  if (given.size === 0) return { problems: [describeBareSide(place, factors)] };
  const names = new Set(factors.map(({ name }) => name));
  const unknown = [...given.keys()].filter((name) => !names.has(name));
  const problems = unknown.map((name) => describeUnknownFactor([...place, name], name, factors));
  const levels: FactorLevel[] = [];
  for (const factor of factors) {
    const id = given.get(factor.name);
    const level = id === undefined ? undefined : factor.levels.get(id);
    if (level === undefined) problems.push(describeWrongLevel([...place, factor.name], id, factor));
    else levels.push(level);
  }
  return problems.length === 0 ? { problems, levels } : { problems };
}

function describeBareSide(path: Path, factors: readonly IndexedFactor[]): UnlocatedProblem {
  return {
    code: "missing-key",
    path,
    what: "a side of a crossed set has no levels",
    expected: `a level of each factor: ${nameSome(factors.map(({ name }) => name))}`,
    received: "nothing",
    advice: "Write the side as an object { prompt, levels }, or remove the set's factors.",
  };
}

function describeUnknownFactor(
  path: Path,
  name: string,
  factors: readonly IndexedFactor[],
): UnlocatedProblem {
  return {
    code: "unknown-key",
    path,
    what: "a side has a level of an unknown factor",
    expected: `a level of each factor: ${nameSome(factors.map(({ name }) => name))}`,
    received: shorten(JSON.stringify(name)),
    advice: "Correct or remove it, or add the factor.",
  };
}

function describeWrongLevel(path: Path, id: string | undefined, { ids }: IndexedFactor): UnlocatedProblem {
  const isMissing = id === undefined;
  return {
    code: isMissing ? "missing-key" : "invalid-value",
    path,
    what: isMissing ? "a side has no level of a factor" : "a level is not known",
    expected: `one of ${ids}`,
    received: isMissing ? "nothing" : shorten(JSON.stringify(id)),
    advice: isMissing ? "Add it." : "Correct it, or add it to the factor's levels.",
  };
}

/** As many names as a message has room for. */
function nameSome(names: readonly string[]): string {
  return shorten(names.slice(0, 60).join(", "));
}
