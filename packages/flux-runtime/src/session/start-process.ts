import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { FluxRuntimeError } from "../errors.ts";

/** What to do about the reasons for which a system starts no process, by the code that it gives. */
const advice: Readonly<Record<string, string>> = {
  ENOENT: "Set process.execPath to a Node executable: a packaged application may have none in its place.",
  EACCES: "Set process.execPath to a Node executable that this user may run.",
  EAGAIN: "Raise the limit on processes (`ulimit -u`, or the container's), or end some.",
  EMFILE: "Raise the limit on open files (`ulimit -n`), or close some.",
  ENFILE: "Close some files: the whole system has no more.",
  ENOMEM: "Free some memory.",
  MODULE_NOT_FOUND:
    "Keep this package out of a bundle, and install it: its models run in a program of their own.",
};

const running = new Set<ChildProcess>();

/**
 * Starts the program that holds a model. It ends with this process: by the signal below if this process exits, and if it
 * is killed, because its standard input closes then.
 *
 * @throws {FluxRuntimeError} `session-failed` if the system does not start it, for whatever reason.
 */
export async function startProcess(): Promise<ChildProcess> {
  let child: ChildProcess;
  try {
    const host = createRequire(import.meta.url).resolve("@measure-plantain/flux-runtime/session-host");
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
