/** How often the event loop turns until a promise settles. */
export async function countTurns(promise: Promise<unknown>): Promise<number> {
  let turns = 0;
  let pending = setImmediate(function count() {
    turns += 1;
    pending = setImmediate(count);
  });
  try {
    await promise;
  } finally {
    clearImmediate(pending);
  }
  return turns;
}
