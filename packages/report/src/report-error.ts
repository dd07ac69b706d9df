/** What kind of thing went wrong; each code is raised for one kind of mistake, so that callers can branch on it. */
export type ReportErrorCode =
  /** The run folder has no summary yet, or one that no results can be computed by. */
  | "no-summary"
  /** The runs have other units, so that nothing of one corresponds to something of the other. */
  | "not-comparable"
  /** The number of sign flips is out of bounds. */
  | "invalid-flips";

/** What an error carries next to its message. */
export interface ReportErrorOptions extends ErrorOptions {
  /** The option of the call that is at fault, by its name. */
  readonly option?: string;
}

/** The one error class of this package; what a run folder itself lacks is a `ProbeError`. */
export class ReportError extends Error {
  /** The class's name, which a stack trace begins with. */
  override readonly name = "ReportError";
  /** The kind of failure. */
  readonly code: ReportErrorCode;
  /** The option of the call that is at fault, by its name, if one is. */
  readonly option: string | undefined;

  constructor(code: ReportErrorCode, message: string, { option, ...options }: ReportErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.option = option;
  }
}
