import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { root } from "./published-packages.mjs";

/**
 * Runs the pnpm that package.json pins, in the root, where no pnpm needs to be installed.
 *
 * @param {readonly string[]} args
 * @returns {string} What it wrote to its standard output.
 */
export function runPnpm(args) {
  const { packageManager } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return execFileSync("npx", ["--yes", packageManager, ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
    env: { ...process.env, NPM_CONFIG_UPDATE_NOTIFIER: "false" },
  });
}
