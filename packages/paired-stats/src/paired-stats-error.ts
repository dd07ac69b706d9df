/** What went wrong, for programs: the message says the same for people. */
export type PairedStatsErrorCode =
  /** An argument of a call is of the wrong kind, size or range. */
  | "invalid-argument"
  /** The shape does not fit the data, or two inputs do not fit each other. */
  | "shape-mismatch"
  /** A value is NaN or infinite; `row` and `column` say which. */
  | "non-finite"
  /** Values are too large, or vary too little, for the computation in float64. */
  | "out-of-range"
  /** The statistic needs more pairs. */
  | "too-few-pairs"
  /** The signs are not [flips, pairs] of 1 and −1. */
  | "invalid-signs"
  /** There are more labellings than can be enumerated. */
  | "too-many-labellings"
  /** No unit, or not the variable that is tested, varies between the pairs. */
  | "degenerate"
  /** A parameter could not be fitted. */
  | "no-fit";

/** The places and values an error speaks of, such as `row` and `column` of the first non-finite input. */
export type PairedStatsErrorDetails = Readonly<Record<string, number | string>>;

/** The one error of this package: wrong input or an analysis that the input cannot carry. */
export class PairedStatsError extends Error {
  /** The class's name, which a stack trace begins with. */
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
