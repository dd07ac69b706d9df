/** What went wrong, for programs: the message says the same for people. */
export type PairedStatsErrorCode =
  | "shape"
  | "too-few-pairs"
  | "non-finite"
  | "range"
  | "option"
  | "signs"
  | "too-many-labellings"
  | "degenerate"
  | "no-fit";

/** The places and values an error speaks of, such as `row` and `column` of the first non-finite input. */
export type PairedStatsErrorDetails = Readonly<Record<string, number | string>>;

/** The one error of this package: wrong input or an analysis that the input cannot carry. */
export class PairedStatsError extends Error {
  override readonly name = "PairedStatsError";
  /** The kind of failure. */
  readonly code: PairedStatsErrorCode;
  /** The places and values the message names. */
  readonly details: PairedStatsErrorDetails;

  constructor(code: PairedStatsErrorCode, message: string, details: PairedStatsErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
