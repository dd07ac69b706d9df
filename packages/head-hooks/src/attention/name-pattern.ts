import { HeadHooksError } from "../head-hooks-error.ts";

/** What a pattern found in a name: the name, and the text of each wildcard or capture group. */
export interface NameMatch {
  /** The whole name that matched. */
  readonly name: string;
  /** The text of wildcard or capture group N at index N − 1. */
  readonly captures: readonly string[];
  /** The text of each named capture group. */
  readonly groups: ReadonlyMap<string, string>;
}

/** Matches one name, or returns `undefined`. */
export type NamePattern = (name: string) => NameMatch | undefined;

/**
 * Compile a pattern on names.
 *
 * A string must match the whole name. In it `*` stands for one or more characters within a segment (anything but
 * `.` and `/`), `**` for any characters, and `?` for one character within a segment; everything else is literal.
 * So `transformer_blocks.*.attn` does not match inside `single_transformer_blocks.0.attn`. A regular expression is
 * searched for anywhere in the name, as `RegExp.test` does; its `g` and `y` flags are left out.
 *
 * @throws HeadHooksError `invalid-argument` if the string is empty.
 */
export function compileNamePattern(at: string | RegExp): NamePattern {
  if (at === "") {
    throw new HeadHooksError(
      "invalid-argument",
      'a tap\'s `at` must be a glob or a regular expression; received ""',
    );
  }
  const expression =
    typeof at === "string"
      ? new RegExp(`^${at.replace(/\*\*|[*?]|[^*?]+/g, globPart)}$`, "su")
      : new RegExp(at.source, at.flags.replace(/[gy]/g, ""));
  return (name) => {
    const found = expression.exec(name);
    if (found === null) return undefined;
    return { name, captures: found.slice(1).map(textOf), groups: namedGroups(found) };
  };
}

/** Those of which a name matches a pattern, each with what the first such name matched. */
export function matchNames<Named extends { readonly names: readonly string[] }>(
  all: readonly Named[],
  at: string | RegExp,
): { named: Named; match: NameMatch }[] {
  const pattern = compileNamePattern(at);
  return all.flatMap((named) => {
    for (const name of named.names) {
      const match = pattern(name);
      if (match !== undefined) return [{ named, match }];
    }
    return [];
  });
}

/**
 * Put what a pattern found into a path: `{1}` is the first wildcard or capture group, `{name}` a named group, `{0}`
 * the whole name.
 *
 * @throws HeadHooksError `invalid-argument` if the path asks for a group that the pattern does not have.
 */
export function expandPath(template: string, match: NameMatch): string {
  return template.replace(/\{([^{}]*)\}/g, (placeholder, key: string) => {
    const text =
      key === "0" ? match.name : /^\d+$/.test(key) ? match.captures[Number(key) - 1] : match.groups.get(key);
    if (text !== undefined) return text;
    throw new HeadHooksError(
      "invalid-argument",
      `the path "${template}" asks for ${placeholder}, but the pattern has ${match.captures.length} wildcards or groups; use {0} for the whole name or {1} to {${match.captures.length}}`,
      { path: template },
    );
  });
}

function globPart(part: string): string {
  if (part === "**") return "(.*)";
  if (part === "*") return "([^./]+)";
  if (part === "?") return "([^./])";
  return part.replace(/[\\^$.|+()[\]{}/]/g, String.raw`\$&`);
}

function namedGroups(found: RegExpExecArray): Map<string, string> {
  return new Map(Object.entries(found.groups ?? {}).map(([name, text]) => [name, textOf(text)]));
}

/** A group that took no part in the match has no text; the type of RegExpExecArray does not say so. */
function textOf(text: string | undefined): string {
  return text ?? "";
}
