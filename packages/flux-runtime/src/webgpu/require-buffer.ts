import { tmpdir } from "node:os";
import { FluxRuntimeError } from "../errors.ts";
import { partColumns } from "../graph/matrix-parts.ts";
import { OperatorGraph } from "../graph/operators.ts";
import type { RequiredTensor } from "../models/list-tensors.ts";
import { openModelSession, type RuntimeOptions } from "../session/model-session.ts";
import { elementCount } from "../tensor.ts";

/** What every adapter holds in one buffer that kernels read: `maxStorageBufferBindingSize`. Source: WebGPU, section 3.6.2. */
const ALWAYS_HELD = 2 ** 27;

const FLOAT32_BYTES = 4;

let largestHeld = ALWAYS_HELD;

/**
 * Requires an adapter that holds the largest of some weights in float32, as kernels read it: by having it make a tensor of that
 * size, since the binding tells no limits, and one that is too large fails only when a model runs.
 *
 * @throws {FluxRuntimeError} `device-unavailable`, which names the weight.
 */
export async function requireBuffer(
  weights: readonly RequiredTensor[],
  host: Pick<RuntimeOptions, "sessionHost"> = {},
): Promise<void> {
  const sizes = weights.map(({ name, shape, layout }) => {
    const [rows = 0] = shape;
    const isInParts = layout === "transposed";
    return { name, count: isInParts ? rows * Math.max(...partColumns(shape)) : elementCount(shape) };
  });
  const [largest] = sizes.sort((a, b) => b.count - a.count);
  if (largest === undefined || largest.count * FLOAT32_BYTES <= largestHeld) return;
  const bytes = largest.count * FLOAT32_BYTES;
  try {
    await makeTensor(largest.count, host);
  } catch (cause) {
    const megabytes = (bytes / 1e6).toFixed(0);
    throw new FluxRuntimeError(
      "device-unavailable",
      `WebGPU's adapter cannot hold a tensor of ${megabytes} MB, which ${largest.name} takes in float32. Close other programs that use the card, or use another device.`,
      { option: "device", tensor: largest.name, bytes },
      { cause },
    );
  }
  largestHeld = bytes;
}

/** Makes a tensor of so many float32 numbers, and reads all of it. */
async function makeTensor(count: number, host: Pick<RuntimeOptions, "sessionHost">): Promise<void> {
  const g = new OperatorGraph("buffer", { kernels: "webgpu" });
  const rows = 1_024;
  const shape = g.constant("int64", [2], [rows, Math.ceil(count / rows)]);
  const wide = g.node("Expand", [g.input("x", "float32", [1, 1]), shape], "float32");
  const axes = g.constant("int64", [1], [1]);
  g.output("y", g.node("ReduceMax", [wide, axes], "float32", { attributes: { keepdims: 0 } }), [rows]);
  const session = await openModelSession(g.serialize(), tmpdir(), { device: "webgpu", ...host });
  try {
    const { y } = await session.run({ x: { type: "float32", data: Float32Array.of(1), shape: [1, 1] } });
    if (y?.type !== "float32" || y.data.some((value) => value !== 1)) throw new Error("it came out wrong");
  } finally {
    await session.close();
  }
}
