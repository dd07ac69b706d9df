import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAtLeast } from "./examine-machine.ts";
import { findCudaLibraries } from "./find-libraries.ts";
import { parseGpus } from "./read-gpus.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "libraries-"));
  for (const name of ["libcuda.so.1", "libcudnn.so.9", "libcudart.so.13"])
    writeFileSync(join(folder, name), "");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("findCudaLibraries", () => {
  const nowhere = { libraryPath: "", linkerCache: "", usualFolders: [] };
  const pathsOf = async (search: Partial<typeof nowhere>, cudaMajor: 12 | 13 = 13): Promise<string[]> =>
    (await findCudaLibraries({ path: null, cudaMajor }, { ...nowhere, ...search })).flatMap(
      ({ path }) => path ?? [],
    );

  it("looks in LD_LIBRARY_PATH, the linker's cache and the usual folders", async () => {
    const found = ["libcuda.so.1", "libcudart.so.13", "libcudnn.so.9"].map((name) => join(folder, name));
    expect(await pathsOf({ libraryPath: `/nowhere::${folder}` })).toEqual(found);
    expect(await pathsOf({ usualFolders: [folder] as never[] })).toEqual(found);
    const linkerCache = `1 libs found\n\tlibcudnn.so.9 (libc6,x86-64) => ${folder}/libcudnn.so.9\n`;
    expect(await pathsOf({ linkerCache })).toEqual([join(folder, "libcudnn.so.9")]);
  });

  it("does not take a library of another CUDA, or a cached one that is gone", async () => {
    expect(await pathsOf({ libraryPath: folder }, 12)).not.toContain(join(folder, "libcudart.so.13"));
    expect(await pathsOf({ linkerCache: "\tlibcuda.so.1 (libc6) => /nowhere/libcuda.so.1" })).toEqual([]);
  });

  it("gives the line that installs each", async () => {
    for (const { install } of await findCudaLibraries({ path: null, cudaMajor: 12 }, nowhere)) {
      const [, script] = /^ONNXRUNTIME_NODE_INSTALL=cuda12 node "(.*)"$/.exec(install) ?? [];
      if (script === undefined) expect(install).toMatch(/^apt-get install \S+$/);
      else expect(existsSync(script)).toBe(true);
    }
  });
});

it("parseGpus reads the lines of nvidia-smi", () => {
  expect(parseGpus("NVIDIA GeForce RTX 4070, 580.65.06, 12282, 11800\n")).toEqual([
    {
      name: "NVIDIA GeForce RTX 4070",
      driver: "580.65.06",
      totalMemory: 12_282 * 2 ** 20,
      freeMemory: 11_800 * 2 ** 20,
    },
  ]);
  expect(parseGpus("")).toEqual([]);
});

it.each([
  ["20.19.0", true],
  ["20.20.2", true],
  ["22.0.0", true],
  ["20.18.9", false],
  ["18.20.4", false],
])("isAtLeast compares %s with 20.19.0 by numbers", (version, expected) => {
  expect(isAtLeast(version, "20.19.0")).toBe(expected);
});
