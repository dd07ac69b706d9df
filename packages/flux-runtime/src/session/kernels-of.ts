import type { Kernels } from "../graph/operators.ts";
import type { Device } from "./device.ts";

/** The form of graph that a device runs. */
export function kernelsOf(device: Device = "cpu"): Kernels {
  return device === "webgpu" ? "webgpu" : "native";
}
