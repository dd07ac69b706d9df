/** What went wrong, for programs; the message says it to people. */
export type HeadHooksErrorCode =
  | "invalid-options"
  | "invalid-address"
  | "malformed-model"
  | "model-too-large"
  | "unsupported-opset"
  | "unsupported-element-type"
  | "no-match"
  | "heads-unknown"
  | "tapped-twice"
  | "duplicate-address"
  | "section-width"
  | "group-size"
  | "head-size"
  | "batch-unknown"
  | "inside-subgraph"
  | "cannot-scale"
  | "output-name-taken"
  | "name-taken"
  | "external-path"
  | "external-data-elsewhere"
  | "unreadable-file"
  | "unwritable-file"
  | "shape-mismatch";

/** The values that an error is about, by name. */
export type HeadHooksErrorDetails = Readonly<
  Record<string, string | number | readonly string[] | readonly number[]>
>;

/**
 * The one error that this package throws for bad input.
 *
 * @example
 * ```ts
 * try {
 *   hookModel(bytes, options);
 * } catch (error) {
 *   if (error instanceof HeadHooksError && error.code === "no-match") console.error(error.details.nearest);
 * }
 * ```
 */
export class HeadHooksError extends Error {
  override readonly name = "HeadHooksError";
  /** The kind of failure. */
  readonly code: HeadHooksErrorCode;
  /** The values that the failure is about. */
  readonly details: HeadHooksErrorDetails;

  constructor(
    code: HeadHooksErrorCode,
    message: string,
    details: HeadHooksErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
