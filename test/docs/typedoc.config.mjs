import { spawnSync } from "node:child_process";

/** Only a clone of a repository on a known host can link to the lines of its source; any other copy leaves them out. */
const { stdout: remote } = spawnSync("git", ["remote", "get-url", "origin"], { encoding: "utf8" });

/** The API reference of the packages: HTML in docs/api, which is not kept in the repository. */
export default {
  name: "measure-plantain",
  plugin: ["./typedoc-options-name.mjs"],
  entryPointStrategy: "packages",
  entryPoints: ["../../packages/*"],
  packageOptions: {
    entryPoints: ["src/index.ts"],
    readme: "README.md",
    disableSources: !/github\.com/.test(remote ?? ""),
    requiredToBeDocumented: ["Class", "Enum", "Function", "Interface", "Method", "TypeAlias", "Variable"],
    validation: { invalidLink: true, invalidPath: true, notDocumented: true, notExported: true },
    skipErrorChecking: true, // the packages' own type check does that
  },
  out: "../../docs/api",
  readme: "../../README.md",
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
};
