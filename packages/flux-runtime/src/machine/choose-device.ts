import { FluxRuntimeError } from "../errors.ts";
import type { Device } from "../session/device.ts";
import type { RuntimeOptions } from "../session/model-session.ts";
import { findOnnxRuntimePackage } from "../session/onnxruntime-package.ts";
import { examineAdapter, type WebgpuAdapter } from "../webgpu/examine-adapter.ts";
import { timeProducts } from "../webgpu/time-products.ts";
import { checkDevice, describeSoftware } from "./check-device.ts";

/** What a device can be asked for as. */
export const deviceNames = ["auto", "cpu", "cuda", "webgpu"] as const;
/** `auto` is CUDA if it works, else WebGPU if its card computes right and faster than the CPU, else the CPU. */
export type DeviceName = (typeof deviceNames)[number];

/** The device that models run on, and why it was taken. */
export interface ChosenDevice {
  /** As sessions take it. */
  readonly device: Device;
  /** ONNX Runtime's execution provider for it, as placements of nodes name it. */
  readonly provider: string;
  /** For people: `asked for`, or what came of trying the others; for WebGPU also which driver computes on the CPU, if one does. */
  readonly why: string;
}

const providers: Readonly<Record<Device, string>> = {
  cpu: "CPUExecutionProvider",
  cuda: "CUDAExecutionProvider",
  webgpu: "WebGpuExecutionProvider",
};

/**
 * Takes the best device that works, for `auto`; asked for by name, a device is used or refused, never replaced.
 *
 * @param host - The option `sessionHost`, as sessions take it.
 * @throws {FluxRuntimeError} `device-unavailable` if CUDA or WebGPU was asked for and cannot be used.
 * @example
 * const { device } = await chooseDevice("auto");
 */
export async function chooseDevice(
  name: DeviceName,
  host: Pick<RuntimeOptions, "sessionHost"> = {},
): Promise<ChosenDevice> {
  if (name === "auto") return chooseBest(host);
  if (name === "cpu") return chosen("cpu", "asked for");
  const check = await checkDevice(name, host);
  if (!check.works) throw unavailable(name, check.reason, host);
  return chosen(name, check.note === undefined ? "asked for" : `asked for; ${check.note}`);
}

async function chooseBest(host: Pick<RuntimeOptions, "sessionHost">): Promise<ChosenDevice> {
  const cuda = await checkDevice("cuda", host);
  if (cuda.works) return chosen("cuda", "a model ran on it");
  const reasons = [`CUDA does not work: ${firstLine(cuda.reason)}`];
  const webgpu = await checkDevice("webgpu", host);
  if (!webgpu.works)
    return chosen("cpu", [...reasons, `Nor does WebGPU: ${firstLine(webgpu.reason)}`].join(" "));
  const against = await compareWithCpu(await examineAdapter(host), host);
  if (!against.isWorthIt) return chosen("cpu", [...reasons, against.why].join(" "));
  return chosen("webgpu", [...reasons, against.why].join(" "));
}

async function compareWithCpu(
  { software }: WebgpuAdapter,
  host: Pick<RuntimeOptions, "sessionHost">,
): Promise<{ isWorthIt: boolean; why: string }> {
  if (software !== undefined) {
    return { isWorthIt: false, why: `WebGPU is left out: ${describeSoftware(software)}.` };
  }
  const [webgpu, cpu] = [await timeProducts("webgpu", host), await timeProducts("cpu", host)];
  const why = `Products of matrices take WebGPU ${(cpu / webgpu).toPrecision(2)} times the CPU's time.`;
  return { isWorthIt: webgpu > cpu, why };
}

function chosen(device: Device, why: string): ChosenDevice {
  return { device, provider: providers[device], why };
}

function unavailable(
  device: "cuda" | "webgpu",
  reason: string,
  host: Pick<RuntimeOptions, "sessionHost">,
): FluxRuntimeError {
  const needs = device === "cuda" ? cudaNeeds(host) : webgpuNeeds();
  const name = device === "cuda" ? "CUDA" : "WebGPU";
  return new FluxRuntimeError(
    "device-unavailable",
    `${name} was asked for, but cannot be used here. ${firstLine(reason)}\n${needs}`,
    { option: "device", device, reason },
  );
}

function cudaNeeds(host: Pick<RuntimeOptions, "sessionHost">): string {
  return (
    `It needs Linux x64, an NVIDIA driver, CUDA and cuDNN, and ONNX Runtime's CUDA provider, which is no part of the npm package:\n` +
    `  ${findOnnxRuntimePackage(host).installProvider}\n` +
    `See docs/gpu.md, or use the option \`device: "cpu"\`.`
  );
}

/** What to install for an adapter, on the system that this is. */
function webgpuNeeds(): string {
  const needs: Partial<Record<NodeJS.Platform, string>> = {
    linux:
      process.arch === "x64"
        ? "It needs the Vulkan loader and a card's Vulkan driver:\n  apt-get install libvulkan1 mesa-vulkan-drivers   (AMD, Intel; NVIDIA's comes with its own driver)"
        : "On Linux, ONNX Runtime's package has WebGPU for x64 only.",
    darwin: "It needs a Mac with Apple silicon, where macOS brings all of it.",
    win32: "It needs a card's driver with Direct3D 12: install the one of the card's maker.",
  };
  return `${needs[process.platform] ?? "ONNX Runtime's package has it for Linux x64, macOS and Windows."}\nSee docs/webgpu.md, or use the option \`device: "cpu"\`.`;
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 300);
}
