import { tmpdir } from "node:os";
import { FluxRuntimeError } from "../errors.ts";
import { toDataType } from "../graph/element-type.ts";
import { OperatorGraph } from "../graph/operators.ts";
import { openModelSession, type RuntimeOptions } from "../session/model-session.ts";
import type { StoredType } from "./convert-weight.ts";
import { compareAnswers, knownAnswers, LARGEST_ERROR } from "./known-answers.ts";
import { findSoftwareDriver } from "./vulkan-drivers.ts";

/** What is known of the adapter that WebGPU takes, which has answered right. */
export interface WebgpuAdapter {
  /** What the driver is called if it computes on the processor, such as `SwiftShader`. */
  readonly software: string | undefined;
  /** The narrowest type in which it can hold weights: float16 needs an optional feature. */
  readonly storedType: StoredType;
}

let known: Promise<WebgpuAdapter> | undefined;

/**
 * Runs what models are made of on the adapter that WebGPU takes, and compares with known answers; once in a process.
 *
 * @throws {FluxRuntimeError} `session-failed` where there is no adapter or a model does not run; `device-unavailable` where an
 * answer is off by more than {@link LARGEST_ERROR}.
 */
export function examineAdapter(host: Pick<RuntimeOptions, "sessionHost"> = {}): Promise<WebgpuAdapter> {
  known ??= examine(host).catch((error: unknown) => {
    known = undefined; // a card that was busy may answer the next time
    throw error;
  });
  return known;
}

async function examine(host: Pick<RuntimeOptions, "sessionHost">): Promise<WebgpuAdapter> {
  const answers = knownAnswers("webgpu");
  const session = await openModelSession(answers.model, tmpdir(), { device: "webgpu", ...host });
  try {
    const outputs = await session.run(answers.feeds);
    const software = session.pid === undefined ? undefined : await findSoftwareDriver(session.pid);
    const [worst] = compareAnswers(answers, outputs);
    if (worst !== undefined && worst.error > LARGEST_ERROR) {
      throw new FluxRuntimeError(
        "device-unavailable",
        `WebGPU computes ${worst.what} wrongly on this adapter${software === undefined ? "" : ` (${software})`}: it is off by ${worst.error.toExponential(1)}, and at most ${LARGEST_ERROR} is taken. Update its driver, or use another device.`,
        { option: "device", ...worst, expected: LARGEST_ERROR },
      );
    }
    const storedType = (await holdsFloat16(host)) ? "float16" : "float32";
    return { software, storedType };
  } finally {
    await session.close();
  }
}

/** Whether the adapter widens float16 numbers, by having it do so. */
async function holdsFloat16(host: Pick<RuntimeOptions, "sessionHost">): Promise<boolean> {
  const g = new OperatorGraph("float16", { kernels: "webgpu" });
  const x = g.input("x", "float32", [4]);
  // There and back again: the binding takes no float16 input.
  const narrow = g.node("Cast", [x], "float16", { attributes: { to: toDataType("float16") } });
  g.output("y", g.cast(narrow, "float32"), [4]);
  const numbers = Float32Array.of(1, -2.5, 2 ** -14, 65_504);
  try {
    const session = await openModelSession(g.serialize(), tmpdir(), { device: "webgpu", ...host });
    try {
      const { y } = await session.run({ x: { type: "float32", data: numbers, shape: [4] } });
      return y?.type === "float32" && y.data.every((value, i) => value === numbers[i]);
    } finally {
      await session.close();
    }
  } catch {
    return false;
  }
}
