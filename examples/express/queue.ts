/** Runs tasks one after the other, in the order in which they came, and counts what became of them. */
export class Queue {
  waiting = 0;
  running = 0;
  done = 0;
  failed = 0;
  /** Tasks whose client left, before or while they ran. */
  left = 0;
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.waiting += 1;
    const result = this.#last.then(() => this.#start(task, signal));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #start<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.waiting -= 1;
    this.running += 1;
    try {
      signal.throwIfAborted();
      const result = await task();
      this.done += 1;
      return result;
    } catch (error) {
      if (signal.aborted) this.left += 1;
      else this.failed += 1;
      throw error;
    } finally {
      this.running -= 1;
    }
  }
}
