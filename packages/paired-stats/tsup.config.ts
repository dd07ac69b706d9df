import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";
import type { Options } from "tsup";
import { base } from "../../tsup.base.ts";

/** Compiles assembly/flip-kernel.ts (AssemblyScript) to WebAssembly with SIMD and shared memory, in base64. */
async function assembleKernel(): Promise<string> {
  const binary: Uint8Array[] = [];
  const messages: string[] = [];
  const { error } = await main(
    [
      ["assembly/flip-kernel.ts", "--baseDir", fileURLToPath(new URL(".", import.meta.url))],
      ["--outFile", "flip-kernel.wasm", "-O3", "--noAssert", "--runtime", "stub", "--enable", "simd,threads"],
      ["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
    ].flat(),
    {
      writeFile: (_name, contents) => {
        if (contents instanceof Uint8Array) binary.push(contents);
      },
      stderr: {
        write: (chunk) => {
          messages.push(String(chunk));
        },
      },
    },
  );
  const [kernel] = binary;
  if (error || !kernel) throw new Error(`assembly/flip-kernel.ts does not compile: ${messages.join("")}`);
  return Buffer.from(kernel).toString("base64");
}

/** What the sources expect of whoever bundles them: the build, and the tests. */
export const define: Record<string, string> = { FLIP_KERNEL: JSON.stringify(await assembleKernel()) };

const config: Options = {
  ...base,
  define,
};

export default config;
