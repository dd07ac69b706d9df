import { synthesizeCheckpoint } from "@measure-plantain/flux-runtime";
import { build } from "esbuild";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  bundleAlone,
  bundleAsDocumented,
  type Bundler,
  type Ending,
  installedFlux,
  linkPackage,
  runProgram,
} from "./bundled-program.ts";
import { fewBlocks } from "../../../packages/flux-runtime/test/few-blocks.ts";
import { PROGRAM, type Printed } from "./program.ts";

const HOST = "@measure-plantain/flux-runtime/session-host";
const VARIABLE = "MEASURE_PLANTAIN_SESSION_HOST";
const installedHost = join(installedFlux(), "dist/session/session-host.js");

let root: string;
let checkpoint: string;
/** What the program prints where nothing is bundled. */
let expected: Printed;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "bundled-")));
  checkpoint = join(root, "checkpoint");
  await synthesizeCheckpoint(checkpoint, fewBlocks);
  const plain = join(import.meta.dirname, `../node_modules/.program-${process.pid}.mjs`);
  writeFileSync(plain, PROGRAM);
  try {
    expected = read(await runProgram([plain, "generate", checkpoint], { cwd: root }));
  } finally {
    rmSync(plain);
  }
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

function read({ stdout, stderr, code }: Ending): Printed {
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  return JSON.parse(stdout) as Printed; // what PROGRAM prints
}

/** Runs a model in a bundle, with some variables and the option if it is given; whether it worked. */
async function check(main: string, env: Record<string, string> = {}, ...option: string[]): Promise<unknown> {
  const { device, p } = read(await runProgram([main, "check", ...option], { cwd: root, env }));
  expect(p).toBe(expected.p);
  return device;
}

function failing(words: string): unknown {
  return { works: false, reason: expect.stringContaining(words) as string };
}

describe("a program bundled as the README shows", () => {
  const bundles = new Map<Bundler, string>();

  it.each(["esbuild", "webpack"] as const)(
    "generates and flips signs as the packages do, by %s",
    async (bundler) => {
      const main = await bundleAsDocumented(join(root, bundler), bundler);
      bundles.set(bundler, main);
      expect(read(await runProgram([main, "generate", checkpoint], { cwd: root }))).toEqual(expected);
    },
  );

  it("says so where onnxruntime-node is not next to it", async () => {
    const main = bundles.get("esbuild") ?? "";
    rmSync(join(dirname(main), "node_modules/onnxruntime-node"));
    const host = join(dirname(main), "session-host.mjs");
    expect(await check(main)).toEqual(failing(`Install what it lacks where ${host} finds it`));
  });
});

describe("a CommonJS bundle without the host, by esbuild", () => {
  let main: string;
  beforeAll(async () => {
    main = await bundleAlone(join(root, "esbuild-alone"), "esbuild");
  });

  it("takes the option, a path or a URL, before the variable", async () => {
    const nowhere = { [VARIABLE]: "nowhere.js" };
    expect(await check(main, nowhere, installedHost)).toEqual({ works: true });
    expect(await check(main, nowhere, pathToFileURL(installedHost).href)).toEqual({ works: true });
  });

  it("takes the variable", async () => {
    expect(await check(main, { [VARIABLE]: installedHost })).toEqual({ works: true });
  });

  it("names the option or the variable that names a missing file", async () => {
    const missing = join(root, "nowhere.js");
    expect(await check(main, {}, missing)).toEqual(failing(`\`sessionHost\` names ${missing}`));
    expect(await check(main, { [VARIABLE]: missing })).toEqual(failing(`${VARIABLE} names ${missing}`));
  });

  it("refuses to be its own host, instead of starting itself without end", async () => {
    const words = `It ran ${main}. If that is not the file of ${HOST}`;
    expect(await check(main, { [VARIABLE]: main })).toEqual(failing(words));
  });
});

describe.each(["esbuild", "webpack"] as const)("a CommonJS bundle without any host, by %s", (bundler) => {
  let main: string;
  beforeAll(async () => {
    main = await bundleAlone(join(root, `${bundler}-bare`), bundler);
  });

  it("says what to set, and where it looked", async () => {
    const answer = await check(main);
    for (const words of [HOST, "`sessionHost`", VARIABLE, main]) expect(answer).toEqual(failing(words));
  });

  it("finds the package once it is installed", async () => {
    linkPackage(installedFlux(), join(dirname(main), "node_modules/@measure-plantain/flux-runtime"));
    expect(await check(main)).toEqual({ works: true });
  });
});

it("a run in a bundle records the versions of its packages as bundled, and does not read those installed nearby", async () => {
  const source = join(import.meta.dirname, "../../../packages/probe/src/passes/package-versions.ts");
  const contents = `import { packageVersions } from ${JSON.stringify(source)}; console.log(JSON.stringify(packageVersions()));`;
  const outfile = join(import.meta.dirname, `../node_modules/.versions-${process.pid}.mjs`);
  await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    ...{ outfile, bundle: true, format: "esm", platform: "node" },
  });
  const { stdout } = await runProgram([outfile], { cwd: root }).finally(() => {
    rmSync(outfile);
  });
  expect(Object.values(JSON.parse(stdout) as object)).toEqual(Array(5).fill("bundled"));
});
