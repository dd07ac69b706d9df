import { GraphBuilder } from "../graph/graph-builder.ts";
import { pathExists } from "../path-exists.ts";
import { openModelSession, type Device } from "./model-session.ts";
import { findOnnxRuntimePackage } from "./onnxruntime-package.ts";

/** Whether a device can be used, and if not, why. */
export type DeviceCheck = { readonly works: true } | { readonly works: false; readonly reason: string };

/**
 * Tries a device by loading and running a model of one node on it: the only answer that can be trusted, since a provider can be
 * listed without its libraries being there. Only where the provider is not installed, nothing needs to be tried.
 */
export async function checkDevice(device: Device): Promise<DeviceCheck> {
  const { cudaProvider } = findOnnxRuntimePackage();
  if (device === "cuda" && !(await pathExists(cudaProvider))) {
    return { works: false, reason: `ONNX Runtime's CUDA provider is not installed (${cudaProvider}).` };
  }
  const g = new GraphBuilder("device-check");
  const x = g.input("x", "float32", [1]);
  g.output("y", g.node("Add", [x, x], "float32"), [1]);
  try {
    const session = await openModelSession(g.serialize(), process.cwd(), { device });
    try {
      await session.run({ x: { type: "float32", data: Float32Array.of(1), shape: [1] } });
      return { works: true };
    } finally {
      await session.close();
    }
  } catch (error) {
    return { works: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
