import { FluxRuntimeError } from "../errors.ts";

/** A model that is opened when it is first needed, and stays open. */
export interface HeldModel<Model> {
  /**
   * Opens the model if it is not open, and calls it.
   *
   * @param signal - Ends the model's process when it aborts; the next use opens the model again, as after a failed session.
   * @throws The signal's reason, or as opening and the call do.
   */
  use<Result>(call: (model: Model) => Promise<Result>, signal: AbortSignal): Promise<Result>;
  /** Ends the model's process, if there is one. The next use opens the model again. */
  close(): Promise<void>;
}

/**
 * Holds a model open between uses, which must not overlap.
 *
 * @param open - Opens the model, whose process ends when the signal aborts.
 */
export function holdModel<Model extends { close(): Promise<void> }>(
  open: (signal: AbortSignal) => Promise<Model>,
): HeldModel<Model> {
  let held: { readonly model: Model; readonly process: AbortController } | undefined;
  const close = async (): Promise<void> => {
    const { model } = held ?? {};
    held = undefined;
    await model?.close();
  };
  return {
    async use(call, signal) {
      signal.throwIfAborted();
      const process = held?.process ?? new AbortController();
      const abort = (): void => {
        process.abort(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      let failed = false;
      try {
        held ??= { model: await open(process.signal), process };
        return await call(held.model);
      } catch (error) {
        failed = isSessionFailure(error);
        throw error;
      } finally {
        signal.removeEventListener("abort", abort);
        if (failed || process.signal.aborted) await close();
      }
    },
    close,
  };
}

function isSessionFailure(error: unknown): boolean {
  return error instanceof FluxRuntimeError && error.code === "session-failed";
}
