import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pathExists } from "../path-exists.ts";
import { findOnnxRuntimePackage } from "../session/onnxruntime-package.ts";

/** A library that CUDA needs: where it is, or how to get it. */
export interface LibraryRecord {
  /** The name of its file. */
  readonly name: string;
  /** What it is, for people. */
  readonly purpose: string;
  /** Where it was found; null if it was not. */
  readonly path: string | null;
  /** The line that installs it. */
  readonly install: string;
}

/** Where the libraries are looked for; injectable for tests. */
export interface LibrarySearch {
  /** The value of LD_LIBRARY_PATH. */
  readonly libraryPath: string;
  /** What `ldconfig -p` prints. */
  readonly linkerCache: string;
  readonly usualFolders: readonly string[];
}

/** The provider that the installed ONNX Runtime needs beside the npm package, and the CUDA that it was built for. */
export interface CudaProvider {
  readonly path: string | null;
  readonly cudaMajor: 12 | 13;
}

/** Of ONNX Runtime 1.29's provider; one that is installed is asked itself. */
const DEFAULT_CUDA_MAJOR = 13;

const usualFolders = [
  "/usr/local/cuda/lib64",
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib64",
  "/usr/lib/wsl/lib",
  "/opt/cuda/lib64",
];

/** The installed version of onnxruntime-node, and its CUDA provider. */
export async function findOnnxRuntime(): Promise<{
  readonly version: string;
  readonly provider: CudaProvider;
}> {
  const { version, cudaProvider: path } = findOnnxRuntimePackage();
  const provider = (await pathExists(path))
    ? { path, cudaMajor: await linkedCudaMajor(path) }
    : { path: null, cudaMajor: DEFAULT_CUDA_MAJOR as 12 | 13 };
  return { version, provider };
}

/** What the CUDA provider links, found or not, each with the line that installs it. */
export async function findCudaLibraries(
  { path, cudaMajor }: CudaProvider,
  search: Partial<LibrarySearch> = {},
): Promise<LibraryRecord[]> {
  const settled: LibrarySearch = {
    libraryPath: search.libraryPath ?? process.env["LD_LIBRARY_PATH"] ?? "",
    linkerCache: search.linkerCache ?? (await readLinkerCache()),
    usualFolders: search.usualFolders ?? usualFolders,
  };
  const find = async (name: string, purpose: string, install: string): Promise<LibraryRecord> => ({
    name,
    purpose,
    path: await findLibrary(name, settled),
    install,
  });
  const toolkit = `apt-get install cuda-libraries-${cudaMajor}-0`;
  return [
    {
      name: "libonnxruntime_providers_cuda.so",
      purpose: "ONNX Runtime's CUDA provider",
      path,
      install: findOnnxRuntimePackage().installProvider,
    },
    await find("libcuda.so.1", "NVIDIA driver", "apt-get install nvidia-driver"),
    await find(`libcudart.so.${cudaMajor}`, `CUDA ${cudaMajor} runtime`, toolkit),
    await find(`libcublasLt.so.${cudaMajor}`, `cuBLAS of CUDA ${cudaMajor}`, toolkit),
    await find("libcudnn.so.9", "cuDNN 9", `apt-get install libcudnn9-cuda-${cudaMajor}`),
  ];
}

/** Looks where the dynamic linker looks, in its order, and then where CUDA is usually installed. */
async function findLibrary(
  name: string,
  { libraryPath, linkerCache, usualFolders: usual }: LibrarySearch,
): Promise<string | null> {
  const cached = new RegExp(`^\\s*${name.replaceAll(".", "\\.")} .*=> (.+)$`, "m").exec(linkerCache)?.[1];
  const inFolders = (folders: readonly string[]): string[] =>
    folders.filter((folder) => folder !== "").map((folder) => join(folder, name));
  const candidates = [
    ...inFolders(libraryPath.split(":")),
    ...(cached === undefined ? [] : [cached]),
    ...inFolders(usual),
  ];
  for (const candidate of candidates) if (await pathExists(candidate)) return candidate;
  return null;
}

function readLinkerCache(): Promise<string> {
  return new Promise((resolve) => {
    const environment = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/sbin:/usr/sbin` };
    execFile("ldconfig", ["-p"], { env: environment, timeout: 10_000, maxBuffer: 2 ** 24 }, (_, stdout) => {
      resolve(stdout); // empty where there is no ldconfig
    });
  });
}

/** Which CUDA a provider was linked against: its file names the library. */
async function linkedCudaMajor(path: string): Promise<12 | 13> {
  let tail = "";
  for await (const chunk of createReadStream(path, { encoding: "latin1" })) {
    const text: string = tail + String(chunk);
    const major = /libcudart\.so\.(12|13)/.exec(text)?.[1];
    if (major !== undefined) return major === "12" ? 12 : 13;
    tail = text.slice(-32);
  }
  return DEFAULT_CUDA_MAJOR;
}
