import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { repository } from "./pages.ts";

/** How a command ended, and what it printed. */
export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A folder in which the commands and programs of a page run as its reader would run them: it looks like the repository's
 * root, `npx` finds the commands, and the packages can be imported.
 */
export interface Place {
  readonly folder: string;
  /** Runs a script in bash, ended by its first failure. */
  runShell(script: string, options?: { readonly isSmall?: boolean }): Promise<Finished>;
  /** Runs an ES module in Node. */
  runModule(source: string): Promise<Finished>;
  /** Writes a file, never through a link into the repository. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/**
 * What `run=small` adds to `measure-plantain run` and `generate`, so that the commands of a page take a second instead of
 * many; the later of two equal options counts.
 */
const smallSizes = `
if [ -n "$DOCS_SMALL" ]; then
  small="--width 64 --height 64 --max-sequence-length 64"
  case "$1 $*" in
    "run "*" --reference "*) set -- "$@" --max-sequence-length 64 ;;
    "run "*) set -- "$@" $small --reference-steps 2 ;;
    "generate "*) set -- "$@" $small --steps 2 ;;
  esac
fi`;

/** The commands that `npx` finds, and the files that they run. */
const commands: Readonly<Record<string, string>> = {
  "measure-plantain": "apps/cli/dist/main.js",
  vitest: "node_modules/vitest/vitest.mjs",
  tsc: "node_modules/typescript/bin/tsc",
};

/**
 * Makes a place.
 *
 * @param options - `copies`: folders of the repository, as `packages/prompts`, that are copied so that a page can change
 *   them; everything else is linked.
 */
export async function createPlace({ copies = [] }: { copies?: readonly string[] } = {}): Promise<Place> {
  const places = join(repository, "test/docs/dist");
  await mkdir(places, { recursive: true });
  const folder = await realpath(await mkdtemp(join(places, "place-")));
  await fill(folder, copies);
  const bin = join(folder, "node_modules/.bin");
  await mkdir(bin, { recursive: true });
  for (const [name, file] of Object.entries(commands)) {
    const small = name === "measure-plantain" ? smallSizes : "";
    const script = `#!/usr/bin/env bash${small}\nexec "${process.execPath}" "${join(repository, file)}" "$@"\n`;
    await writeFile(join(bin, name), script);
    await chmod(join(bin, name), 0o755);
  }
  const environment = {
    ...process.env,
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    MEASURE_PLANTAIN_CACHE: join(folder, "cache"),
    HF_HOME: join(folder, "huggingface"),
    HF_HUB_OFFLINE: "1",
    NPM_CONFIG_OFFLINE: "true",
    NO_COLOR: "1",
  };
  let modules = 0;
  return {
    folder,
    runShell: (script, { isSmall = false } = {}) =>
      start("bash", ["-euo", "pipefail", "-c", script], folder, {
        ...environment,
        DOCS_SMALL: isSmall ? "1" : "",
      }),
    runModule: async (source) => {
      const file = join(folder, `example-${++modules}.mjs`);
      await writeFile(file, source);
      return start(process.execPath, [file], folder, environment);
    },
    write: async (path, content) => {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      const target = join(await realpath(dirname(file)), basename(file));
      if (!target.startsWith(folder + sep))
        throw new Error(`${path} is a link into the repository; name its folder among the copies`);
      await writeFile(target, content);
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Lays the repository out in a folder: links, and copies without what is built or installed. */
async function fill(folder: string, copies: readonly string[]): Promise<void> {
  const isAbove = (path: string): boolean => copies.some((copy) => copy.startsWith(`${path}/`));
  const lay = async (path: string): Promise<void> => {
    const [from, to] = [join(repository, path), join(folder, path)];
    if (copies.includes(path)) {
      await cp(from, to, { recursive: true, filter: (file) => !builtFolders.has(basename(file)) });
      for (const name of builtFolders)
        if (existsSync(join(from, name))) await symlink(join(from, name), join(to, name));
    } else if (isAbove(path)) {
      await mkdir(to);
      for (const name of await readdir(from)) await lay(`${path}/${name}`);
    } else await symlink(from, to);
  };
  for (const name of await readdir(repository)) if (!leftOut.has(name)) await lay(name);
}

const builtFolders: ReadonlySet<string> = new Set(["node_modules", "dist"]);
const leftOut: ReadonlySet<string> = new Set([".git", "node_modules", "runs", "test"]);

function start(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject).on("close", (exitCode) => {
      resolve({ exitCode, stdout, stderr });
    });
  });
}
