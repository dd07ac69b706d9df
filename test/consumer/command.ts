import { spawn } from "node:child_process";

/** Where and how a command runs. */
export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Kills the command as soon as it has written this to its stderr. */
  readonly killAt?: RegExp;
}

/** What a command printed. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

const isWindows = process.platform === "win32";
/** The ends of this process that can be heeded. */
const ENDINGS = ["SIGINT", "SIGTERM", "SIGHUP", "disconnect", "exit"] as const;
/** A command that takes longer hangs: the longest takes two minutes on two idle processors, and CI has been four times as slow. */
const LONGEST_MILLISECONDS = 800_000;

/**
 * Runs a command to its end. If it takes too long, or this process ends first, it is killed with all that it started.
 *
 * @throws Error with everything it printed, if it fails, or ends before it could be killed.
 */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env, killAt }: CommandOptions,
): Promise<Output> {
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    shell: isWindows,
    detached: !isWindows, // a process group of its own
  });
  const killAll = (): void => {
    if (isWindows || child.pid === undefined) child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  };
  const limit = setTimeout(killAll, LONGEST_MILLISECONDS);
  const endToo = (): void => {
    killAll();
    process.exit(1);
  };
  for (const ending of ENDINGS) process.once(ending, ending === "exit" ? killAll : endToo);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  let isKilled = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (isKilled || !killAt?.test(stderr)) return;
    isKilled = true;
    killAll();
  });
  const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => {
      resolve(exitCode ?? signal);
    });
  }).finally(() => {
    clearTimeout(limit);
    for (const ending of ENDINGS) process.off(ending, ending === "exit" ? killAll : endToo);
  });
  if (killAt === undefined ? ending === 0 : isKilled) return { stdout, stderr };
  throw new Error(`${[command, ...args].join(" ")} ended with ${String(ending)}\n${stdout}\n${stderr}`);
}
