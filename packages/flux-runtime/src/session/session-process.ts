import type { ChildProcess } from "node:child_process";
import type { NumberedReply, NumberedRequest, SessionReply, SessionRequest } from "./session-protocol.ts";
import type { SessionHostSearch } from "./find-session-host.ts";
import { startProcess } from "./start-process.ts";

/** How a process ended, and the last that it wrote to standard error. */
export interface ProcessEnd {
  readonly kind: "ended";
  readonly how: string;
  readonly stderr: string;
}

/** A process that holds one model. */
export interface SessionProcess {
  readonly pid: number | undefined;
  /** The file that it runs. */
  readonly program: string;
  /**
   * Sends a request as it is now. Requests can overlap: each resolves with its own reply, or with the end of the process if
   * that comes first.
   */
  ask(request: SessionRequest): Promise<SessionReply | ProcessEnd>;
  /** Ends the process at once, even if it is busy or stopped; resolves when it is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a process that waits for a model.
 *
 * @throws {FluxRuntimeError} `session-failed` if the program is not found, or the system does not start it.
 */
export async function startSessionProcess(search: SessionHostSearch = {}): Promise<SessionProcess> {
  const child = await startProcess(search);
  const stderr = collectStderr(child);
  const waiting = new Map<number, (outcome: SessionReply | ProcessEnd) => void>();
  child.on("message", ({ id, reply }: NumberedReply) => {
    waiting.get(id)?.(reply);
    waiting.delete(id);
  });
  let ended: ProcessEnd | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      ended = { kind: "ended", how: signal ?? `exit code ${code ?? "unknown"}`, stderr: stderr() };
      for (const settle of waiting.values()) settle(ended);
      waiting.clear();
      resolve();
    });
  });
  const kill = (): Promise<void> => {
    child.kill("SIGKILL");
    return exited;
  };

  let count = 0;
  return {
    pid: child.pid,
    program: child.spawnargs.at(-1) ?? "",
    kill,
    ask: (request) =>
      new Promise((resolve) => {
        if (ended !== undefined) {
          resolve(ended);
          return;
        }
        const numbered: NumberedRequest = { id: (count += 1), request };
        // A process that nothing can be sent to never replies: its end is the outcome.
        child.send(numbered, (error) => error && void kill());
        waiting.set(numbered.id, resolve);
      }),
  };
}

function collectStderr(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-4_000);
  });
  return () => text.trim();
}
