import { describe, expect, it } from "vitest";
import { defaultThreads } from "./default-threads.ts";

describe("defaultThreads", () => {
  it.each([
    ["leaves the choice to ONNX Runtime on a machine of one's own", {}, 8, 8, undefined],
    ["takes the processors that the process may use", {}, 64, 4, 4],
    ["takes OMP_NUM_THREADS before either", { OMP_NUM_THREADS: "6" }, 64, 4, 6],
    ["takes the outermost level of a list", { OMP_NUM_THREADS: " 3 ,2" }, 8, 8, 3],
    ["passes over what is no number", { OMP_NUM_THREADS: "many" }, 8, 4, 4],
    ["passes over none", { OMP_NUM_THREADS: "0" }, 8, 8, undefined],
    ["passes over an empty one", { OMP_NUM_THREADS: "" }, 8, 8, undefined],
  ])("%s", (_, environment, present, usable, threads) => {
    expect(defaultThreads({ environment, present, usable })).toBe(threads);
  });
});
