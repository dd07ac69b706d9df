import { setImmediate } from "node:timers/promises";

/** Milliseconds for which a loop may hold the event loop: what else waits for it is late by no more than about this. */
const LONGEST_TURN = 8;

/**
 * Lets a long loop take turns with everything else that the process does.
 *
 * @returns What the loop awaits after each small piece of its work; it waits only when the loop's turn is over.
 */
export function takeTurns(): () => Promise<void> {
  let start = performance.now();
  return async () => {
    if (performance.now() - start < LONGEST_TURN) return;
    await setImmediate();
    start = performance.now();
  };
}
