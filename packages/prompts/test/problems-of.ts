import { PromptsError, type PromptsProblem } from "../src/prompts-error.ts";

/** The problems that a reader finds; accepting the text fails the test. */
export function problemsOf(read: () => unknown): readonly PromptsProblem[] {
  try {
    read();
  } catch (error) {
    if (error instanceof PromptsError) return error.problems;
    throw error;
  }
  throw new Error("the text was accepted");
}
