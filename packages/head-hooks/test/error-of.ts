import { HeadHooksError } from "../src/head-hooks-error.ts";

/** The error of this package that an action throws; anything else that happens is a failure of the test. */
export function errorOf(action: () => unknown): HeadHooksError {
  try {
    action();
  } catch (error) {
    if (error instanceof HeadHooksError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
