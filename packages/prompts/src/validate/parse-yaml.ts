import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from "yaml";
import { PromptsError, type PromptsProblem } from "../prompts-error.ts";
import { formatJsonPath, shorten } from "./json-path.ts";
import { MAX_NESTING } from "./limits.ts";
import type { LocatedDocument, TextPosition } from "./located-document.ts";

/**
 * Parses one YAML 1.2 document so that whatever is found wrong with its values later can be shown in the text.
 *
 * The core schema: no dates, no merge keys, no tags of languages; `yes` and `no` are strings. A key that occurs twice
 * is an error, as in JSON, and so is an alias, as a value or as a key: aliases can multiply, and refer to what they
 * stand in or to a key that is there already. A key is a scalar, never a list or a map.
 *
 * @throws {PromptsError} `invalid-yaml` or `duplicate-key` with line and column, `too-large` for deep nesting.
 */
export function parseYaml(text: string, { source }: { readonly source: string }): LocatedDocument {
  const lines = new LineCounter();
  const position = (offset: number): TextPosition => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  let document: Document;
  let value: unknown;
  let problems: PromptsProblem[];
  try {
    // The library compares each key with all others of its map; findProblems needs one look at each.
    document = parseDocument(text, {
      lineCounter: lines,
      schema: "core",
      uniqueKeys: false,
      prettyErrors: false,
    });
    problems = [...document.errors, ...document.warnings].map(({ message, pos: [start] }) =>
      describeSyntaxError(message, position(start)),
    );
    if (problems.length === 0) problems = findProblems(document.contents, [], position);
    if (problems.length === 0) value = document.toJS();
  } catch (cause) {
    throw new PromptsError([describeFailure(cause)], { source, cause });
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new PromptsError([first, ...others], { source });
  return { value, locate: createLocate(document.contents, position) };
}

function describeSyntaxError(message: string, position: TextPosition): PromptsProblem {
  return {
    code: "invalid-yaml",
    path: "",
    ...position,
    what: "the text is not YAML",
    expected: "one YAML 1.2 document",
    received: `a text of which the parser says ${JSON.stringify(shorten(message))}`,
    advice: "Check the indentation, and put prompts that hold a colon, a hash or a quote in double quotes.",
  };
}

/** The parser recurses: what is nested beyond the stack ends in a RangeError. */
function describeFailure(cause: unknown): PromptsProblem {
  if (cause instanceof RangeError) return describeNesting();
  const message = cause instanceof Error ? cause.message : String(cause);
  return describeSyntaxError(message, { line: 1, column: 1 });
}

function describeNesting(position: TextPosition = { line: 1, column: 1 }): PromptsProblem {
  return {
    code: "too-large",
    path: "",
    ...position,
    what: "lists and maps are nested too deeply",
    expected: `at most ${MAX_NESTING} levels`,
    received: "more",
    advice: "Flatten what the set records in meta.",
  };
}

function describeAlias(path: readonly PropertyKey[], position: TextPosition): PromptsProblem {
  return {
    code: "invalid-yaml",
    path: formatJsonPath(path),
    ...position,
    what: "aliases are not read",
    expected: "the value itself",
    received: "an alias (*name)",
    advice: "Write out what the alias stands for.",
  };
}

/** An alias stands for a key that may be there already; a collection has no name that JSON could give it. */
function describeKey(key: unknown, path: readonly PropertyKey[], position: TextPosition): PromptsProblem {
  if (isAlias(key)) return describeAlias(path, position);
  return {
    code: "invalid-yaml",
    path: formatJsonPath(path),
    ...position,
    what: "a key is itself a collection",
    expected: "a word or a number as the key",
    received: isSeq(key) ? "a list" : "a map",
    advice: "Write the key in double quotes if its brackets belong to it.",
  };
}

/** Aliases, keys that are no scalar or occur twice in a map, and what is nested too deeply, in the order of the text. */
function findProblems(
  node: unknown,
  path: readonly PropertyKey[],
  position: (offset: number) => TextPosition,
): PromptsProblem[] {
  if (path.length > MAX_NESTING) return [describeNesting(position(offsetOf(node)))];
  if (isAlias(node)) return [describeAlias(path, position(offsetOf(node)))];
  if (isSeq(node)) return node.items.flatMap((item, index) => findProblems(item, [...path, index], position));
  if (!isMap(node)) return [];
  const firstLines = new Map<string, number>();
  return node.items.flatMap(({ key, value }) => {
    const name = keyText(key);
    const at = position(offsetOf(key));
    const within = findProblems(value, [...path, name], position);
    if (!isScalar(key)) return [describeKey(key, path, at), ...within];
    const first = firstLines.get(name);
    firstLines.set(name, first ?? at.line);
    return first === undefined ? within : [describeDuplicate([...path, name], first, at), ...within];
  });
}

function describeDuplicate(path: readonly PropertyKey[], first: number, at: TextPosition): PromptsProblem {
  return {
    code: "duplicate-key",
    path: formatJsonPath(path),
    ...at,
    what: "a key occurs twice in one map",
    expected: `${JSON.stringify(String(path.at(-1)))} once`,
    received: `it on line ${first} and on line ${at.line}`,
    advice: "Remove or rename one of the two.",
  };
}

/** Each map is indexed when first asked for, once: a text may have as many faults as keys. */
function createLocate(root: unknown, position: (offset: number) => TextPosition): LocatedDocument["locate"] {
  const indexes = new Map<YAMLMap, ReadonlyMap<PropertyKey, Pair>>();
  const childOf = (node: YAMLMap, key: PropertyKey): Pair | undefined => {
    const index = indexes.get(node) ?? new Map(node.items.map((pair) => [keyText(pair.key), pair]));
    indexes.set(node, index);
    return index.get(key);
  };
  return (path) => {
    let node = root;
    let offset = offsetOf(node);
    for (const key of path) {
      if (isSeq(node) && typeof key === "number" && key < node.items.length) {
        node = node.items[key];
        offset = offsetOf(node);
      } else if (isMap(node)) {
        const pair = childOf(node, key);
        if (pair === undefined) break;
        node = pair.value;
        offset = offsetOf(pair.key);
      } else break;
    }
    return position(offset);
  };
}

/** The name of the member that the library makes of a key; null becomes the empty name. */
function keyText(key: unknown): string {
  const name: unknown = isScalar(key) ? (key.value ?? "") : key;
  return isNode(name) ? name.toString() : String(name);
}

function offsetOf(node: unknown): number {
  return isNode(node) ? startOf(node) : 0;
}

function startOf({ range }: Node): number {
  return range?.[0] ?? 0;
}
