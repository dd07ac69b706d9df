/** One thing that was checked. */
export interface VerifiedItem {
  /** What is as it should be if `problem` is `null`. */
  readonly what: string;
  /** What is wrong; `null` if all is well. */
  readonly problem: string | null;
}
