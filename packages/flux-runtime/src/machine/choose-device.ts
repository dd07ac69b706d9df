import { FluxRuntimeError } from "../errors.ts";
import { checkDevice } from "../session/check-device.ts";
import type { Device } from "../session/model-session.ts";
import { findOnnxRuntimePackage } from "../session/onnxruntime-package.ts";

/** What a device can be asked for as. */
export const deviceNames = ["auto", "cpu", "cuda"] as const;
/** `auto` is CUDA if it works, else the CPU. */
export type DeviceName = (typeof deviceNames)[number];

/** The device that models run on, and why it was taken. */
export interface ChosenDevice {
  /** As sessions take it. */
  readonly device: Device;
  /** ONNX Runtime's execution provider for it, as placements of nodes name it. */
  readonly provider: string;
  /** For people: `asked for`, or what came of trying CUDA. */
  readonly why: string;
}

/**
 * Takes CUDA if it works, for `auto`; asked for by name, a device is used or refused, never replaced.
 *
 * @throws {FluxRuntimeError} `device-unavailable` if CUDA was asked for and cannot be used.
 * @example
 * const { device } = await chooseDevice("auto");
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
  throw new FluxRuntimeError(
    "device-unavailable",
    `CUDA was asked for, but cannot be used here. ${firstLine(check.reason)}\n` +
      `It needs Linux x64, an NVIDIA driver, CUDA and cuDNN, and ONNX Runtime's CUDA provider, which is no part of the npm package:\n` +
      `  ${findOnnxRuntimePackage().installProvider}\n` +
      `See docs/gpu.md, or use the option \`device: "cpu"\`.`,
    { option: "device", device: name, reason: check.reason },
  );
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 300);
}
