import { defineConfig, mergeConfig, type ViteUserConfig } from "vitest/config";

/** What every package's tests have in common. */
export const base: ViteUserConfig = defineConfig({
  test: {
    include: ["{src,test}/**/*.test.ts"],
    // Many tests wait for processes that they start; by default one core would be left idle.
    maxWorkers: "100%",
    env: {
      // Tests that load ONNX Runtime into their own process are nobody's telemetry.
      ORT_DISABLE_TELEMETRY: "1",
      // They run side by side; threads that spin while they wait would take the processors from one another.
      OMP_NUM_THREADS: "1",
    },
    // Where other work has the processors, a test takes many times as long as alone; one that hangs is found all the same.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});

/** The same for packages whose tests mock no module: the files of one worker load the package once, not once each. */
export const withoutMocks: ViteUserConfig = mergeConfig(base, { test: { isolate: false } });
