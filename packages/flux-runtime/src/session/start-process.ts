import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { FluxRuntimeError } from "../errors.ts";
import { findSessionHost, SESSION_HOST_VARIABLE, type SessionHostSearch } from "./find-session-host.ts";

/** What to do about the reasons for which a system starts no process, by the code that it gives. */
const advice: Readonly<Record<string, string>> = {
  ENOENT: "Set process.execPath to a Node executable: a packaged application may have none in its place.",
  EACCES: "Set process.execPath to a Node executable that this user may run.",
  EAGAIN: "Raise the limit on processes (`ulimit -u`, or the container's), or end some.",
  EMFILE: "Raise the limit on open files (`ulimit -n`), or close some.",
  ENFILE: "Close some files: the whole system has no more.",
  ENOMEM: "Free some memory.",
};

/** Set in the process that holds a model, which itself starts none. */
const HOST_MARK = "MEASURE_PLANTAIN_IN_SESSION_HOST";

const running = new Set<ChildProcess>();

/**
 * Starts the program that holds a model. It ends with this process: by the signal below if this process exits, and if it
 * is killed, because its standard input closes then.
 *
 * @throws {FluxRuntimeError} `session-failed` if the program is not found, or the system does not start it, for whatever reason.
 */
export async function startProcess(search: SessionHostSearch = {}): Promise<ChildProcess> {
  const host = findSessionHost(search);
  refuseWithinHost(host);
  let child: ChildProcess;
  try {
    child = fork(host, [], {
      serialization: "advanced",
      execArgv: [], // this process's own may not suit a file, as --input-type does not
      stdio: ["pipe", "ignore", "pipe", "ipc"],
      env: {
        // ONNX Runtime would tell its makers about each model that it loads, and leave an identifier and logs on the disk.
        ORT_DISABLE_TELEMETRY: "1",
        // Else CUDA's libraries compute float32 products in TF32, with 10 bits of mantissa, which no option of the binding ends.
        NVIDIA_TF32_OVERRIDE: "0",
        ...process.env,
        [HOST_MARK]: "1",
        // Electron's executable is Node only if it is told to be.
        ...(process.versions["electron"] !== undefined && { ELECTRON_RUN_AS_NODE: "1" }),
      },
    });
    await once(child, "spawn"); // rejects with what the system says
  } catch (cause) {
    throw notStarted(cause);
  }
  // Only a kill can still fail, and it fails because the process is gone.
  child.on("error", () => undefined);
  if (running.size === 0) process.on("exit", killRunning);
  running.add(child);
  child.once("exit", () => {
    running.delete(child);
    if (running.size === 0) process.off("exit", killRunning);
  });
  return child;
}

/** A process that was stopped (SIGSTOP) does not see that its standard input closes. */
function killRunning(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** A program that names itself as the host would start itself without end. */
function refuseWithinHost(host: string): void {
  if (process.env[HOST_MARK] === undefined) return;
  throw new FluxRuntimeError(
    "session-failed",
    `${host} was started to hold a model, but opens one itself. The option \`sessionHost\` and the variable ${SESSION_HOST_VARIABLE} name the file of @measure-plantain/flux-runtime/session-host, not the program that opens models.`,
    { option: "sessionHost", path: host },
  );
}

function notStarted(cause: unknown): FluxRuntimeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new FluxRuntimeError(
    "session-failed",
    `The process that runs a model could not be started with ${process.execPath}: ${reason}. ${advice[code] ?? "Check that this user can start a Node process."}`,
    { program: process.execPath, reason: code },
    { cause },
  );
}
