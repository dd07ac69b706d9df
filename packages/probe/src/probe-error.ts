/** What kind of thing went wrong; each code is raised for one kind of mistake, so that callers can branch on it. */
export type ProbeErrorCode =
  /** An option is out of range, or contradicts another one or the run. */
  | "invalid-option"
  /** A file that was named cannot be read, or is not of the form that it needs. */
  | "invalid-file"
  /** The folder holds something else than a run. */
  | "not-a-run-folder"
  /** A file of a run folder is not what a run writes there. */
  | "damaged-run-folder"
  /** The folder holds a run of other settings. */
  | "other-settings"
  /** The run is not complete. */
  | "incomplete-run"
  /** The folder holds one shard of a run. */
  | "part-of-a-run"
  /** The captures are not those that the run wrote. */
  | "changed-captures"
  /** The shards are not all the parts of one run. */
  | "shard-mismatch"
  /** The checkpoint is not the one that the run was made on. */
  | "other-checkpoint"
  /** The model would read the same on both sides of a pair, or gives the same for both. */
  | "no-contrast"
  /** A plan is to be written where a file is. */
  | "existing-plan"
  /** The run departs from the plan that it is to follow. */
  | "plan-departure"
  /** No effect can be planted for this run. */
  | "cannot-plant";

/** What an error carries next to its message. */
export interface ProbeErrorOptions extends ErrorOptions {
  /** The option of the call that is at fault, by its name. */
  readonly option?: string;
}

/**
 * The one error class of this package: wrong use or bad input; nothing that was stored is lost.
 *
 * The message says what was wrong, where, what was expected, and what to do. It writes an option as "the option `width`",
 * so that a command line can put its flag in that place.
 */
export class ProbeError extends Error {
  /** The class's name, which a stack trace begins with. */
  override readonly name: string = "ProbeError";
  /** The kind of failure. */
  readonly code: ProbeErrorCode;
  /** The option of the call that is at fault, by its name, if one is. */
  readonly option: string | undefined;

  constructor(code: ProbeErrorCode, message: string, { option, ...options }: ProbeErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.option = option;
  }
}
