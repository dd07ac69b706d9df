import { build } from "esbuild";
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import webpack from "webpack";
import { PROGRAM } from "./program.ts";

/** What bundlers leave to node_modules: packages with native parts. */
const NATIVE = ["onnxruntime-node", "sharp"];

/** The bundlers that the README of flux-runtime has a configuration for. */
export type Bundler = "esbuild" | "webpack";

/** Bundles the program as an ES module, with the host next to it, by the configuration in the README of flux-runtime. */
export async function bundleAsDocumented(folder: string, bundler: Bundler): Promise<string> {
  const sources = makeSources(folder);
  if (bundler === "esbuild") {
    linkPackage(installedTool("esbuild"), join(sources, "node_modules/esbuild"));
    const script = writeFromReadme(sources, "build.mjs");
    const { stderr, code } = await runProgram([script], { cwd: sources });
    if (code !== 0) throw new Error(stderr);
  } else {
    const { href } = pathToFileURL(writeFromReadme(sources, "webpack.config.mjs"));
    const { default: config } = (await import(href)) as { default: webpack.Configuration }; // as the page shows it
    await runWebpack(sources, { ...config, output: { ...config.output, path: join(sources, "dist") } });
  }
  return moveBundle(folder, "main.mjs");
}

/** Bundles the program in CommonJS, without the host. */
export async function bundleAlone(folder: string, bundler: Bundler): Promise<string> {
  const sources = makeSources(folder);
  const entry = { main: join(sources, "src/main.js") };
  if (bundler === "esbuild") {
    await build({
      ...{ absWorkingDir: sources, entryPoints: entry, outdir: "dist", outExtension: { ".js": ".cjs" } },
      ...{ bundle: true, platform: "node", format: "cjs", external: NATIVE, logLevel: "error" },
    });
  } else {
    await runWebpack(sources, {
      ...{ mode: "production", target: "node20.19", entry },
      output: { path: join(sources, "dist"), filename: "[name].cjs" },
      externals: Object.fromEntries(NATIVE.map((name) => [name, `commonjs ${name}`])),
    });
  }
  return moveBundle(folder, "main.cjs");
}

async function runWebpack(context: string, configuration: webpack.Configuration): Promise<void> {
  // To minimize takes ten times as long as all the rest.
  const compiler = webpack({ ...configuration, context, optimization: { minimize: false } });
  const stats = await promisify(compiler.run.bind(compiler))();
  await promisify(compiler.close.bind(compiler))();
  if (stats?.hasErrors() !== false) throw new Error(stats?.toString("errors-only"));
}

/** The program with the packages as a registry would give them, each with what it depends on. */
function makeSources(folder: string): string {
  const sources = join(folder, "sources");
  for (const name of ["flux-runtime", "paired-stats"]) {
    const installed = dirname(
      createRequire(import.meta.url).resolve(`@measure-plantain/${name}/package.json`),
    );
    const copy = join(sources, "node_modules/@measure-plantain", name);
    for (const part of ["package.json", "dist"]) {
      cpSync(join(installed, part), join(copy, part), { recursive: true });
    }
    const dependencies = join(realpathSync(installed), "node_modules");
    if (existsSync(dependencies)) linkPackage(dependencies, join(copy, "node_modules"));
  }
  mkdirSync(join(sources, "src"));
  writeFileSync(join(sources, "src/main.js"), PROGRAM);
  writeFileSync(join(sources, "package.json"), '{ "type": "module" }');
  return sources;
}

/** Takes the bundle out of its sources, which are gone afterwards as on another machine, and links what it left out. */
async function moveBundle(folder: string, main: string): Promise<string> {
  const out = join(folder, "out");
  cpSync(join(folder, "sources/dist"), out, { recursive: true });
  await rm(join(folder, "sources"), { recursive: true });
  for (const name of NATIVE) {
    linkPackage(join(installedFlux(), "node_modules", name), join(out, "node_modules", name));
  }
  return join(out, main);
}

/** Writes a file that the README shows. */
function writeFromReadme(folder: string, name: string): string {
  const readme = readFileSync(join(installedFlux(), "README.md"), "utf8");
  const [, text] = new RegExp(`\`\`\`js file=${name}\n(.*?)\`\`\``, "s").exec(readme) ?? [];
  if (text === undefined) throw new Error(`the README of flux-runtime shows no ${name}`);
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** The folder of flux-runtime. */
export function installedFlux(): string {
  return realpathSync(
    dirname(createRequire(import.meta.url).resolve("@measure-plantain/flux-runtime/package.json")),
  );
}

function installedTool(name: string): string {
  return realpathSync(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)));
}

/** Links a package's folder into a node_modules. */
export function linkPackage(installed: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(realpathSync(installed), path, "junction");
}

/** What a program printed, and how it ended. */
export interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs a program of Node to its end. */
export async function runProgram(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ending> {
  const environment = { ...process.env, ...env };
  delete environment["NODE_PATH"]; // in which npx names this workspace
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env: environment }, (error, stdout, stderr) => {
      resolve({ stdout, stderr, code: error === null ? 0 : Number(error.code ?? 1) });
    });
  });
}
