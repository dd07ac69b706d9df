import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FluxRuntimeError } from "../errors.ts";
import { requireFrom } from "./require-from.ts";

/** The variable that names the host's file for a whole program. */
export const SESSION_HOST_VARIABLE = "MEASURE_PLANTAIN_SESSION_HOST";

const SUBPATH = "@measure-plantain/flux-runtime/session-host";
/** What a bundler may call the host, as an entry of its own. */
const BUNDLED_NAMES = ["session-host.js", "session-host.mjs", "session-host.cjs"];

/** Where the host is looked for; by default, from where this code and the program lie. */
export interface SessionHostSearch {
  /** The host's path, or its `file:` URL. */
  readonly sessionHost?: string | URL | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Files from whose place it is looked for. */
  readonly starts?: readonly string[];
}

/**
 * Finds the file of the program that holds a model: the given one, or the one that MEASURE_PLANTAIN_SESSION_HOST names, or one
 * called `session-host` next to this code (an entry of its own in a bundle), or that of the installed package, as seen from this
 * code and from the program's main file.
 *
 * @throws {FluxRuntimeError} `session-failed`, with the option and the variable that name it.
 */
export function findSessionHost({
  sessionHost,
  environment = process.env,
  starts = defaultStarts(),
}: SessionHostSearch = {}): string {
  const named = sessionHost ?? (environment[SESSION_HOST_VARIABLE] || undefined);
  if (named !== undefined) {
    const path = toPath(named);
    if (existsSync(path)) return path;
    const source =
      sessionHost === undefined ? `The variable ${SESSION_HOST_VARIABLE}` : "The option `sessionHost`";
    throw new FluxRuntimeError(
      "session-failed",
      `${source} names ${path}, which does not exist. It has to be the file of ${SUBPATH}: \`import.meta.resolve("${SUBPATH}")\` where the package is installed, or a bundle of that module.`,
      { ...(sessionHost !== undefined && { option: "sessionHost" }), path },
    );
  }
  for (const start of starts) {
    const found = findNear(start);
    if (found !== undefined) return found;
  }
  throw new FluxRuntimeError(
    "session-failed",
    `The program that holds a model was not found: neither session-host.js next to the code nor the installed package, looked for from ${starts.join(" and ")}. A bundler leaves it out: make ${SUBPATH} an entry of its own called session-host next to the bundle, or install the package, or set the option \`sessionHost\` or the variable ${SESSION_HOST_VARIABLE} to its path.`,
    { option: "sessionHost", starts },
  );
}

function findNear(start: string): string | undefined {
  const neighbours = BUNDLED_NAMES.map((name) => join(dirname(start), name));
  const neighbour = neighbours.find((path) => existsSync(path));
  if (neighbour !== undefined) return neighbour;
  try {
    return requireFrom(start).resolve(SUBPATH);
  } catch {
    return undefined;
  }
}

/** This code's own file, and the program's. */
function defaultStarts(): string[] {
  const { url } = import.meta as { readonly url?: string };
  const own = url?.startsWith("file:") === true ? fileURLToPath(url) : undefined;
  const main = process.argv[1] === undefined ? undefined : resolve(process.argv[1]);
  return [...new Set([own, commonJsFile(), main])].filter((path) => path !== undefined);
}

/** The bundle's file, if it is of the CommonJS kind, in which `import.meta` is empty. */
function commonJsFile(): string | undefined {
  try {
    return resolve(__filename);
  } catch {
    return undefined; // an ES module has none, which webpack denies when asked for the type
  }
}

function toPath(named: string | URL): string {
  const text = String(named);
  return text.startsWith("file:") ? fileURLToPath(text) : resolve(text);
}
