/** What kind of thing is wrong. */
export type PromptsErrorCode =
  | "duplicate-id"
  | "duplicate-key"
  | "empty-side"
  | "invalid-csv"
  | "invalid-json"
  | "invalid-responses"
  | "invalid-seed"
  | "invalid-template"
  | "invalid-token-count"
  | "invalid-value"
  | "invalid-word-class"
  | "invalid-word-list"
  | "invalid-yaml"
  | "missing-key"
  | "too-few-pairs"
  | "too-large"
  | "unknown-key"
  | "unknown-set"
  | "unreadable-file";

/** One thing that is wrong, where, and what to do about it. */
export interface PromptsProblem {
  readonly code: PromptsErrorCode;
  /** JSON path from the root of the set, such as `pairs[3].a.prompt`; empty for the whole. */
  readonly path: string;
  /** Line in the source text, from 1; absent where there is no text. */
  readonly line?: number;
  /** Column in the source text, from 1; absent where there is no text. */
  readonly column?: number;
  readonly what: string;
  readonly expected: string;
  readonly received: string;
  readonly advice: string;
}

/** A message with more problems than this is no longer read; `problems` holds them all. */
const PROBLEMS_IN_MESSAGE = 8;

/** The only error that this package throws on purpose: every problem found, the first of them as its `code`. */
export class PromptsError extends Error {
  override readonly name = "PromptsError";
  /** The code of the first problem. */
  readonly code: PromptsErrorCode;
  /** The file, or what the caller named the text. */
  readonly source: string;
  /** Every problem, in the order of the document. */
  readonly problems: readonly PromptsProblem[];

  constructor(
    problems: readonly [PromptsProblem, ...PromptsProblem[]],
    { source, cause }: { readonly source: string; readonly cause?: unknown },
  ) {
    super(describeProblems(problems, source), cause === undefined ? {} : { cause });
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
