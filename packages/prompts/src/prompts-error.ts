import { escapeRefused } from "./validate/characters.ts";

/** What kind of thing is wrong. */
export type PromptsErrorCode =
  /** An argument of a call is of the wrong kind, size or range. */
  | "invalid-argument"
  /** Two pairs have the same id. */
  | "duplicate-id"
  /** A key stands twice in one object. */
  | "duplicate-key"
  /** A side of a pair has no text. */
  | "empty-side"
  /** A text has a character that is not text, such as a control character. */
  | "invalid-character"
  /** The text is no CSV of the expected columns. */
  | "invalid-csv"
  /** The text is no JSON. */
  | "invalid-json"
  /** The responses do not fit the audit's pairs. */
  /** A template's placeholders and a row's values do not fit each other, or are no texts. */
  | "invalid-template"
  /** A token counter failed, or returned what is no count. */
  | "invalid-token-count"
  /** A value is of the wrong kind or range. */
  | "invalid-value"
  /** A function of word classes failed, or returned what is no number. */
  | "invalid-word-class"
  /** A list of words with counts gives no frequency classes. */
  | "invalid-word-list"
  /** The text is no YAML, or YAML of a kind that is not read. */
  | "invalid-yaml"
  /** A key that must be there is not. */
  | "missing-key"
  /** There are too few pairs. */
  | "too-few-pairs"
  /** A file, a set or a value is larger than allowed. */
  | "too-large"
  /** A key is not known. */
  | "unknown-key"
  /** There is neither a built-in set nor a file of this name. */
  | "unknown-set"
  /** A file does not exist or cannot be read. */
  | "unreadable-file";

/** One thing that is wrong, where, and what to do about it. */
export interface PromptsProblem {
  /** What kind of thing is wrong. */
  readonly code: PromptsErrorCode;
  /** JSON path from the root of the set, such as `pairs[3].a.prompt`; empty for the whole. */
  readonly path: string;
  /** Line in the source text, from 1; absent where there is no text. */
  readonly line?: number;
  /** Column in the source text, from 1; absent where there is no text. */
  readonly column?: number;
  /** What is wrong, in words. */
  readonly what: string;
  /** What should be there. */
  readonly expected: string;
  /** What is there instead. */
  readonly received: string;
  /** What to do, in a sentence. */
  readonly advice: string;
}

/** A message with more problems than this is no longer read; `problems` holds them all. */
const PROBLEMS_IN_MESSAGE = 8;

/** The only error that this package throws on purpose: every problem found, the first of them as its `code`. */
export class PromptsError extends Error {
  /** The class's name, which a stack trace begins with. */
  override readonly name = "PromptsError";
  /** The code of the first problem. */
  readonly code: PromptsErrorCode;
  /** The file, or what the caller named the text. */
  readonly source: string;
  /** Every problem, in the order of the text where there is one. */
  readonly problems: readonly PromptsProblem[];

  constructor(
    problems: readonly [PromptsProblem, ...PromptsProblem[]],
    { source, cause }: { readonly source: string; readonly cause?: unknown },
  ) {
    super(escapeRefused(describeProblems(problems, source)), cause === undefined ? {} : { cause });
    this.code = problems[0].code;
    this.source = source;
    this.problems = problems;
  }
}

function describeProblems(problems: readonly [PromptsProblem, ...PromptsProblem[]], source: string): string {
  if (problems.length === 1) return describeProblem(problems[0], source);
  const shown = problems.slice(0, PROBLEMS_IN_MESSAGE).map((problem) => `  ${describeProblem(problem, "")}`);
  const hidden = problems.length - shown.length;
  if (hidden > 0) shown.push(`  and ${hidden} more`);
  return [`${source}: ${problems.length} problems`, ...shown].join("\n");
}

function describeProblem(problem: PromptsProblem, source: string): string {
  const { line, column, path, what, expected, received, advice } = problem;
  const position = line === undefined || column === undefined ? "" : `${line}:${column}`;
  const where = [source, position].filter((part) => part !== "").join(":");
  const subject = [where, path].filter((part) => part !== "").join(": ");
  const prefix = subject === "" ? "" : `${subject}: `;
  return `${prefix}${what}. Expected ${expected}, received ${received}. ${advice}`;
}
