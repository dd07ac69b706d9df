import { FluxRuntimeError } from "../errors.ts";
import type { ComputeType } from "../graph/element-type.ts";
import type { RuntimeOptions } from "./model-session.ts";

/**
 * The compute type of the text encoder and the transformer on a device.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where the device has no kernels for the type that is asked for.
 */
export function chooseComputeType({
  device = "cpu",
  dtype,
}: Pick<RuntimeOptions, "device" | "dtype">): ComputeType {
  if (dtype === undefined) return device === "cuda" ? "bfloat16" : "float32";
  if (device === "cpu" && dtype !== "float32") {
    throw new FluxRuntimeError(
      "invalid-argument",
      `The CPU computes in float32 only, but ${dtype} was asked for: ONNX Runtime has no kernels for it there. Use float32 (the weights stay as they are), or CUDA.`,
      { device, dtype },
    );
  }
  if (device === "webgpu" && dtype !== "float32") {
    throw new FluxRuntimeError(
      "invalid-argument",
      `WebGPU computes in float32 only, but ${dtype} was asked for: its float16 products are summed in float16, which loses digits, and it has no bfloat16. Use float32 (weights are kept in float16 on the card where it can), or CUDA.`,
      { device, dtype },
    );
  }
  return dtype;
}
