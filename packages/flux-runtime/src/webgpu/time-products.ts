import { tmpdir } from "node:os";
import { OperatorGraph } from "../graph/operators.ts";
import { kernelsOf } from "../session/kernels-of.ts";
import type { Device } from "../session/device.ts";
import { openModelSession, type RuntimeOptions } from "../session/model-session.ts";

const ROWS = 512;
const SIZE = 1_024;
/** Products one after the other in a run, so that they take its time and not what is sent. */
const PRODUCTS = 16;

/**
 * Measures how many floating-point operations a second a device reaches in products of float32 matrices, for a few runs.
 *
 * @throws {FluxRuntimeError} `session-failed`.
 */
export async function timeProducts(
  device: Device,
  options: Pick<RuntimeOptions, "sessionHost" | "signal"> = {},
): Promise<number> {
  const g = new OperatorGraph("products", { kernels: kernelsOf(device) });
  const x = g.input("x", "float32", [1, ROWS, SIZE]);
  const matrix = g.input("matrix", "float32", [SIZE, SIZE]);
  let product = x;
  for (let index = 0; index < PRODUCTS; index += 1) product = g.product(product, matrix, `product_${index}`);
  g.output("y", product, [1, ROWS, SIZE]);
  // As many ones as keep the size of what is summed.
  const feeds = {
    x: { type: "float32", data: new Float32Array(ROWS * SIZE).fill(1), shape: [1, ROWS, SIZE] },
    matrix: { type: "float32", data: new Float32Array(SIZE * SIZE).fill(1 / SIZE), shape: [SIZE, SIZE] },
  } as const;
  const session = await openModelSession(g.serialize(), tmpdir(), { device, ...options });
  try {
    await session.run(feeds); // compiles and allocates
    const seconds: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const began = performance.now();
      await session.run(feeds);
      seconds.push((performance.now() - began) / 1_000);
    }
    return (2 * ROWS * SIZE * SIZE * PRODUCTS) / Math.min(...seconds);
  } finally {
    await session.close();
  }
}
