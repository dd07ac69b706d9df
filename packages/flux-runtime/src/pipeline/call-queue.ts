/** Runs calls one after the other, in the order in which they came. */
export interface CallQueue {
  /**
   * Waits for its turn, then runs a call. One that fails does not keep the next from running.
   *
   * @throws The signal's reason as soon as it aborts, waiting or running; a call that runs is not followed by the next one
   * before it has ended.
   */
  run<Result>(call: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
  /** Resolves when all calls so far have ended. */
  idle(): Promise<void>;
}

/** Creates a queue without calls. */
export function createCallQueue(): CallQueue {
  let last = Promise.resolve();
  return {
    run(call, signal) {
      const turn = last.then(() => {
        signal.throwIfAborted();
        return call();
      });
      const ended = turn.then(
        () => undefined,
        () => undefined,
      );
      last = ended;
      return Promise.race([turn, rejectOnAbort(signal, ended)]);
    },
    idle: () => last,
  };
}

/** Rejects with the signal's reason when it aborts, and listens no longer than until the call has ended. */
function rejectOnAbort(signal: AbortSignal, ended: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error); // whatever the caller aborts with, as throwIfAborted
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    void ended.then(() => {
      signal.removeEventListener("abort", abort);
    });
  });
}
