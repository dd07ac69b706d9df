/** Wrong use or bad input: the command ends with exit code 2, and nothing is lost. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}
