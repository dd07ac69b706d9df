import { expect, it } from "vitest";
import { chooseComputeType } from "./choose-compute-type.ts";

it("is float32 on the CPU and bfloat16 on CUDA where nothing is asked for", () => {
  expect(chooseComputeType({})).toBe("float32");
  expect(chooseComputeType({ device: "cuda" })).toBe("bfloat16");
});

it("is what is asked for where the device can do it", () => {
  expect(chooseComputeType({ device: "cuda", dtype: "float16" })).toBe("float16");
  expect(chooseComputeType({ device: "cuda", dtype: "float32" })).toBe("float32");
});

it("refuses 16 bits on the CPU", () => {
  expect(() => chooseComputeType({ device: "cpu", dtype: "bfloat16" })).toThrow(
    /CPU computes in float32 only.*CUDA/,
  );
});

it("is float32 on WebGPU, and nothing else", () => {
  expect(chooseComputeType({ device: "webgpu" })).toBe("float32");
  for (const dtype of ["float16", "bfloat16"] as const) {
    expect(() => chooseComputeType({ device: "webgpu", dtype })).toThrow(
      /WebGPU computes in float32 only.*summed in float16/,
    );
  }
});
