import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { join, sep } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { type Output, run } from "./command.ts";
import { consumerEnvironment } from "./consumer-environment.ts";
import { workspacePackages } from "./publish-packages.ts";

type Command = readonly [command: string, ...args: string[]];

/** How a package manager is told what a consumer wants of it. */
export interface PackageManager {
  readonly name: string;
  /** Adds packages to the project. */
  readonly add: Command;
  /** Runs what a package brought. */
  readonly execute: Command;
  /** What the consumer compiles with. */
  readonly tools: readonly string[];
}

/** Installs the published packages into an empty project, compiles a program against them, and runs all of it. */
export function testInstallation({ name: manager, add, execute, tools }: PackageManager): void {
  const env = consumerEnvironment(inject("registryUrl"), join(inject("workplace"), "caches"));
  const folder = join(inject("workplace"), manager);
  const wanted = workspacePackages.map(({ name }) => name);
  const start = ([command, ...args]: Command, ...more: readonly string[]): Promise<Output> =>
    run(command, [...args, ...more], { cwd: folder, env });

  describe(`an empty project with ${manager}`, () => {
    beforeAll(async () => {
      mkdirSync(folder);
      writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
      cpSync(join(import.meta.dirname, "project"), folder, { recursive: true });
      await start(add, ...wanted, ...tools);
    });

    it("gets the published packages from the registry, in the workspace's versions and without its links", () => {
      const installed = wanted.map((name) => {
        const place = realpathSync(join(folder, "node_modules", name));
        expect(place.startsWith(realpathSync(folder) + sep)).toBe(true);
        const text = readFileSync(join(place, "package.json"), "utf8");
        expect(text).not.toContain("workspace:");
        const { version } = JSON.parse(text) as { version: string }; // a manifest
        return { name, version };
      });
      expect(installed).toEqual(workspacePackages.map(({ name, version }) => ({ name, version })));
    });

    it("gets no GPU library: nothing was downloaded at install time", () => {
      const files = readdirSync(join(folder, "node_modules"), { recursive: true, encoding: "utf8" });
      expect(files.some((file) => file.endsWith("onnxruntime_binding.node"))).toBe(true);
      expect(files.filter((file) => file.includes("providers_cuda"))).toEqual([]);
    });

    it("compiles against the packages' types, strict and without skipLibCheck, and runs", async () => {
      await start(execute, "tsc");
      const { stdout } = await run(process.execPath, ["compose.js"], { cwd: folder, env });
      expect(JSON.parse(stdout)).toEqual({
        pairs: 3,
        units: 720,
        heads: 120,
        overThreshold: expect.any(Number) as number,
        labellings: 4,
        groups: 680,
        refusal: "unreadable-file",
      });
      expect(existsSync(join(folder, "composed", "report.html"))).toBe(true);
    });

    it("runs the command line: lists the prompt sets, and probes the embedded checkpoint", async () => {
      const list = await start(execute, "measure-plantain", "prompts", "list");
      expect(list.stdout).toMatch(/^measure\b.*25/m);
      const small = "--width 64 --height 64 --max-sequence-length 64 --reference-steps 1".split(" ");
      const probe = ["measure-plantain", "run", "--prompts", "few.json", ...small, "--out", "few"];
      const { stdout } = await start(execute, ...probe);
      expect(stdout).toContain("Groups of 16 channels: 680");
      expect(existsSync(join(folder, "few", "report.html"))).toBe(true);
    });
  });
}
