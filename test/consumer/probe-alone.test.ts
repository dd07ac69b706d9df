import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { run } from "./command.ts";
import { consumerEnvironment } from "./consumer-environment.ts";

it("npm install @measure-plantain/probe brings nothing that draws, and no tables", async () => {
  const folder = join(inject("workplace"), "probe-alone");
  const env = consumerEnvironment(inject("registryUrl"), join(inject("workplace"), "caches"));
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  // Which packages are installed is known before they are unpacked.
  await run("npm", ["install", "--package-lock-only", "@measure-plantain/probe"], { cwd: folder, env });
  const lockfile = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, unknown>>;
  };
  const installed = Object.keys(lockfile.packages).map((place) => place.replace(/^.*node_modules\//, ""));
  expect(installed.filter((name) => name.includes("measure-plantain")).sort()).toEqual([
    "@measure-plantain/flux-runtime",
    "@measure-plantain/head-hooks",
    "@measure-plantain/paired-stats",
    "@measure-plantain/probe",
    "@measure-plantain/prompts",
  ]);
  for (const name of ["@observablehq/plot", "d3", "hyparquet", "hyparquet-writer", "linkedom"])
    expect(installed).not.toContain(name);
});
