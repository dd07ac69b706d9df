/** Wrong use of the command line: it ends with exit code 2, and nothing is lost. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The answer of a command is no, and it has said so: it ends with exit code 1, and nothing more is written. */
export class NegativeAnswer extends Error {
  override readonly name = "NegativeAnswer";
}
