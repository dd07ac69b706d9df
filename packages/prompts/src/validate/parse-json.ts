import { parse, type MemberNode, type ObjectNode, type ValueNode } from "@humanwhocodes/momoa";
import { PromptsError, type PromptsProblem } from "../prompts-error.ts";
import { formatJsonPath } from "./json-path.ts";
import { MAX_NESTING } from "./limits.ts";
import { positionAt, type LocatedDocument } from "./located-document.ts";

/**
 * Parses JSON so that whatever is found wrong with its values later can be shown in the text.
 *
 * Stricter than `JSON.parse` in one thing: a key that occurs twice in an object is an error, not an overwrite.
 *
 * @throws {PromptsError} `invalid-json` or `duplicate-key` with line and column, `too-large` for deep nesting.
 */
export function parseJson(text: string, { source }: { readonly source: string }): LocatedDocument {
  refuseDeepNesting(text, source);
  let root: ValueNode;
  let value: unknown;
  try {
    root = parse(text).body;
    value = JSON.parse(text);
  } catch (cause) {
    throw new PromptsError([describeSyntaxError(text, cause)], { source, cause });
  }
  const [duplicate, ...others] = findDuplicateKeys(root, []);
  if (duplicate !== undefined) throw new PromptsError([duplicate, ...others], { source });
  return { value, locate: createLocate(root) };
}

function refuseDeepNesting(text: string, source: string): void {
  const { tooDeep } = scan(text);
  if (tooDeep === undefined) return;
  throw new PromptsError(
    [
      {
        code: "too-large",
        path: "",
        ...positionAt(text, tooDeep),
        what: "brackets are nested too deeply",
        expected: `at most ${MAX_NESTING} levels`,
        received: "more",
        advice: "Flatten what the set records in meta.",
      },
    ],
    { source },
  );
}

/** momoa's errors carry an offset; a raw control character inside a string is refused by `JSON.parse` alone. */
function describeSyntaxError(text: string, cause: unknown): PromptsProblem {
  const offset = hasOffset(cause) ? cause.offset : (scan(text).controlInString ?? 0);
  const character = Array.from(text.slice(offset, offset + 2))[0];
  return {
    code: "invalid-json",
    path: "",
    ...positionAt(text, offset),
    what: "the text is not JSON",
    expected: "JSON",
    received:
      character === undefined ? "the end of the text" : `the character ${JSON.stringify(character)} there`,
    advice: "Look for a missing or surplus comma, quote or bracket just before that place.",
  };
}

function hasOffset(cause: unknown): cause is { readonly offset: number } {
  return typeof cause === "object" && cause !== null && "offset" in cause && typeof cause.offset === "number";
}

/** Offsets of the first bracket that is nested too deeply and of the first raw control character in a string. */
function scan(text: string): { tooDeep: number | undefined; controlInString: number | undefined } {
  let depth = 0;
  let inString = false;
  let tooDeep: number | undefined;
  let controlInString: number | undefined;
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text.charAt(offset);
    if (character === '"') inString = !inString;
    else if (inString && character === "\\") offset += 1;
    else if (inString && character < " ") controlInString ??= offset;
    else if (!inString && "[{".includes(character)) depth += 1;
    else if (!inString && "]}".includes(character)) depth -= 1;
    if (depth > MAX_NESTING) tooDeep ??= offset;
  }
  return { tooDeep, controlInString };
}

function findDuplicateKeys(node: ValueNode, path: readonly PropertyKey[]): PromptsProblem[] {
  if (node.type === "Array") {
    return node.elements.flatMap(({ value }, index) => findDuplicateKeys(value, [...path, index]));
  }
  if (node.type !== "Object") return [];
  const firstLines = new Map<string, number>();
  return node.members.flatMap((member) => {
    const { value, loc } = member;
    const key = nameOf(member);
    const first = firstLines.get(key);
    firstLines.set(key, first ?? loc.start.line);
    const within = findDuplicateKeys(value, [...path, key]);
    if (first === undefined) return within;
    const { line, column } = loc.start;
    const problem: PromptsProblem = {
      code: "duplicate-key",
      path: formatJsonPath([...path, key]),
      line,
      column,
      what: "a key occurs twice in one object",
      expected: `${JSON.stringify(key)} once`,
      received: `it on line ${first} and on line ${line}`,
      advice: "Remove or rename one of the two.",
    };
    return [problem, ...within];
  });
}

/** Each object is indexed when first asked for, once: a text may have as many faults as keys. */
function createLocate(root: ValueNode): LocatedDocument["locate"] {
  const indexes = new Map<ObjectNode, ReadonlyMap<PropertyKey, MemberNode>>();
  const memberOf = (node: ObjectNode, key: PropertyKey): MemberNode | undefined => {
    const index = indexes.get(node) ?? new Map(node.members.map((member) => [nameOf(member), member]));
    indexes.set(node, index);
    return index.get(key);
  };
  return (path) => {
    let node = root;
    let { line, column } = root.loc.start;
    for (const key of path) {
      const element = node.type === "Array" && typeof key === "number" ? node.elements[key] : undefined;
      const member = node.type === "Object" ? memberOf(node, key) : undefined;
      // An element stands where its value does, a member where its key does.
      const child = element ?? member;
      if (child === undefined) break;
      node = child.value;
      ({ line, column } = child.loc.start);
    }
    return { line, column };
  };
}

function nameOf({ name }: MemberNode): string {
  return name.type === "String" ? name.value : name.name;
}
