import { checkDevice } from "../session/check-device.ts";
import { UsageError } from "../errors.ts";
import { findOnnxRuntimePackage } from "./onnxruntime-package.ts";

export const deviceNames = ["auto", "cpu", "cuda"] as const;
export type DeviceName = (typeof deviceNames)[number];

/** The device that a run uses, ONNX Runtime's provider for it, and why it was taken. */
export interface ChosenDevice {
  readonly device: "cpu" | "cuda";
  readonly provider: string;
  readonly why: string;
}

/**
 * Takes CUDA where it works, for `auto`; asked for by name, a device is used or refused, never replaced.
 *
 * @throws UsageError where CUDA was asked for and cannot be used.
 */
export async function chooseDevice(name: DeviceName): Promise<ChosenDevice> {
  if (name === "cpu") return { device: "cpu", provider: "CPUExecutionProvider", why: "asked for" };
  const check = await checkDevice("cuda");
  if (check.works) {
    const why = name === "auto" ? "a model ran on it" : "asked for";
    return { device: "cuda", provider: "CUDAExecutionProvider", why };
  }
  if (name === "auto") {
    return {
      device: "cpu",
      provider: "CPUExecutionProvider",
      why: `CUDA does not work: ${firstLine(check.reason)}`,
    };
  }
  throw new UsageError(
    `CUDA was asked for, but cannot be used here. ${firstLine(check.reason)}\n` +
      `It needs Linux x64, an NVIDIA driver, CUDA and cuDNN, and ONNX Runtime's CUDA provider, which is no part of the npm package:\n` +
      `  ${findOnnxRuntimePackage().installProvider}\n` +
      `See docs/gpu.md, or use --device cpu.`,
  );
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 300);
}
