import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const packages = [
  "@measure-plantain/probe",
  "@measure-plantain/flux-runtime",
  "@measure-plantain/head-hooks",
  "@measure-plantain/paired-stats",
  "@measure-plantain/prompts",
];

/** The versions of the packages that take part in a run, and of the program that runs it, by name. */
export function packageVersions(program?: {
  readonly name: string;
  readonly version: string;
}): Record<string, string> {
  const require = createRequire(import.meta.url);
  const versions = packages.map((name): [string, string] => {
    const path = require.resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string }; // every package.json has it
    return [name, version];
  });
  return Object.fromEntries([...(program ? [[program.name, program.version] as const] : []), ...versions]);
}
