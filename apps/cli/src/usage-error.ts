/** Wrong use of the command line: it ends with exit code 2, and nothing is lost. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
