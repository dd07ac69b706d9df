import { FluxRuntimeError } from "../errors.ts";
import type { Device } from "./device.ts";

/**
 * How weights are held on a device: mapped from their files, but on WebGPU on the card.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where the device cannot hold them as is asked for.
 */
export function chooseWeights({
  device = "cpu",
  weights,
}: {
  readonly device?: Device | undefined;
  readonly weights?: "mapped" | "resident" | undefined;
}): "mapped" | "resident" {
  if (device !== "webgpu") return weights ?? "mapped";
  if (weights !== "mapped") return "resident";
  throw new FluxRuntimeError(
    "invalid-argument",
    'The option `weights: "mapped"` cannot be used with WebGPU: its kernels read weights on the card, not in their files. Leave it out, or use "resident".',
    { option: "weights", device },
  );
}
