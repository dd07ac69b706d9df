/** What a reader has to know before any number of a run. */
export interface Notice {
  /** As "Cut prompts". */
  readonly title: string;
  /** Whole sentences. */
  readonly text: string;
}
