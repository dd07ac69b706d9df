// Type-checks the projects of this repository with the native compiler, which takes a fraction of the time of the one whose API
// the build and the linter need. typecheck.mjs [FOLDER...] checks those alone. Build first.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "./published-packages.mjs";

const require = createRequire(import.meta.url);
const compiler = join(require.resolve("typescript-native/package.json"), "../bin/tsc");
const given = process.argv.slice(2);
const projects = given.length > 0 ? given : listProjects();
for (const project of projects) {
  const { status } = spawnSync(process.execPath, [compiler, "-p", project], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}

/** @returns {string[]} The folders with a tsconfig.json: the root, and those of its packages and tests. */
function listProjects() {
  const folders = ["packages", "apps", "test"].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  );
  return [".", ...folders.filter((folder) => existsSync(join(root, folder, "tsconfig.json")))];
}
