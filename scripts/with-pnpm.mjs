// npm start | npm test on a machine that has only Node and npm: fetch the pinned pnpm from the npm registry, install, go on.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const { packageManager } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const commands = {
  start: [["run", "probe"]],
  test: [["run", "check"]],
};
const [task, ...rest] = process.argv.slice(2);
if (!(task in commands)) {
  console.error(`with-pnpm: expected one of ${Object.keys(commands).join(", ")}, received ${task}`);
  process.exit(2);
}

for (const args of [
  ["install", "--frozen-lockfile"],
  ...commands[task].map((command) => [...command, ...rest]),
]) {
  const { status, error } = spawnSync("npx", ["--yes", packageManager, ...args], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: {
      ...process.env,
      TURBO_TELEMETRY_DISABLED: "1",
      ONNXRUNTIME_NODE_INSTALL: "skip",
      NPM_CONFIG_UPDATE_NOTIFIER: "false",
    },
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
