// Runs a task on a machine that has only Node and npm: fetches the pinned pnpm from the npm registry, installs, goes on.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { root } from "./published-packages.mjs";

const { packageManager } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
/** @type {Record<string, string[][] | undefined>} */
const commands = {
  install: [],
  start: [["run", "probe"]],
  test: [["run", "check"]],
  "api-report": [
    ["run", "build"],
    ["exec", "node", "scripts/api-report.mjs", "--update"],
  ],
  docs: [["--filter", "@measure-plantain/docs-test", "run", "api"]],
  pack: [
    ["run", "build"],
    ["exec", "node", "scripts/pack.mjs"],
  ],
};
const [task = "nothing", ...rest] = process.argv.slice(2);
const steps = commands[task];
if (!steps) {
  console.error(`with-pnpm: expected one of ${Object.keys(commands).join(", ")}, received ${task}`);
  process.exit(2);
}

const last = steps.at(-1);
for (const args of [["install", "--frozen-lockfile"], ...steps]) {
  const { status, error } = spawnSync(
    "npx",
    ["--yes", packageManager, ...args, ...(args === last ? rest : [])],
    {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32",
      env: {
        ...process.env,
        TURBO_TELEMETRY_DISABLED: "1",
        ONNXRUNTIME_NODE_INSTALL: "skip",
        NPM_CONFIG_UPDATE_NOTIFIER: "false",
      },
    },
  );
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
