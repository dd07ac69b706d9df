import { GraphBuilder } from "../graph/graph-builder.ts";
import { pathExists } from "../path-exists.ts";
import { examineAdapter } from "../webgpu/examine-adapter.ts";
import { hasVulkanDriver } from "../webgpu/vulkan-drivers.ts";
import type { Device } from "../session/device.ts";
import { openModelSession, type RuntimeOptions } from "../session/model-session.ts";
import { findOnnxRuntimePackage } from "../session/onnxruntime-package.ts";

/** Whether a device can be used, and if not, why. */
export type DeviceCheck =
  | {
      readonly works: true;
      /** What is to be known of it, for people: that a WebGPU driver computes on the CPU. */
      readonly note?: string;
    }
  | { readonly works: false; readonly reason: string };

/**
 * Tries a device by loading and running a model of one node on it: the only answer that can be trusted, since a provider can be
 * listed without its libraries being there. On WebGPU the model's answers are known, and must be right. Where a provider's file or
 * every driver is missing, nothing needs to be tried.
 *
 * @param host - The option `sessionHost`, as sessions take it.
 */
export async function checkDevice(
  device: Device,
  host: Pick<RuntimeOptions, "sessionHost"> = {},
): Promise<DeviceCheck> {
  try {
    const missing = await findMissing(device, host);
    if (missing !== undefined) return { works: false, reason: missing };
    if (device === "webgpu") {
      const { software } = await examineAdapter(host);
      return { works: true, ...(software !== undefined && { note: describeSoftware(software) }) };
    }
    await runOneNode(device, host);
    return { works: true };
  } catch (error) {
    return { works: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What is seen to be missing without a model. */
async function findMissing(
  device: Device,
  host: Pick<RuntimeOptions, "sessionHost">,
): Promise<string | undefined> {
  if (device === "cuda") {
    const { cudaProvider } = findOnnxRuntimePackage(host);
    if (await pathExists(cudaProvider)) return undefined;
    return `ONNX Runtime's CUDA provider is not installed (${cudaProvider}).`;
  }
  if (device === "webgpu" && process.platform === "linux" && !(await hasVulkanDriver())) {
    return "No Vulkan driver is installed.";
  }
  return undefined;
}

async function runOneNode(device: Device, host: Pick<RuntimeOptions, "sessionHost">): Promise<void> {
  const g = new GraphBuilder("device-check");
  const x = g.input("x", "float32", [1]);
  g.output("y", g.node("Add", [x, x], "float32"), [1]);
  const session = await openModelSession(g.serialize(), process.cwd(), { device, ...host });
  try {
    await session.run({ x: { type: "float32", data: Float32Array.of(1), shape: [1] } });
  } finally {
    await session.close();
  }
}

/** Says that WebGPU computes on the CPU, and by which driver. */
export function describeSoftware(driver: string): string {
  return `its driver is ${driver}, which computes on the CPU`;
}
