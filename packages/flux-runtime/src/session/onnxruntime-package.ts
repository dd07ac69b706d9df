import { dirname, join } from "node:path";
import { findSessionHost, type SessionHostSearch } from "./find-session-host.ts";
import { requireFrom } from "./require-from.ts";

/** The installed onnxruntime-node. */
export interface OnnxRuntimePackage {
  readonly version: string;
  /** Where its CUDA provider belongs on Linux x64, the only system that it can be had for: the npm package comes without. */
  readonly cudaProvider: string;
  /**
   * The line that has it fetch its CUDA provider: its own install script, by its path, for `npm rebuild` finds the package
   * in npm's layout of node_modules alone.
   */
  readonly installProvider: string;
}

/**
 * Finds the onnxruntime-node that models run in, which is the one that the program finds that holds them.
 *
 * @throws {FluxRuntimeError} `session-failed` if that program is not found.
 */
export function findOnnxRuntimePackage(search: SessionHostSearch = {}): OnnxRuntimePackage {
  const require = requireFrom(findSessionHost(search));
  const manifest = require.resolve("onnxruntime-node/package.json");
  const { version } = require(manifest) as { version: string }; // every package.json has one
  const folder = dirname(manifest);
  return {
    version,
    cudaProvider: join(folder, "bin", "napi-v6", "linux", "x64", "libonnxruntime_providers_cuda.so"),
    installProvider: `ONNXRUNTIME_NODE_INSTALL=cuda12 node "${join(folder, "script", "install.js")}"`,
  };
}
