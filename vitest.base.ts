import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What every package's tests have in common. */
export const base: ViteUserConfig = defineConfig({
  test: {
    include: ["{src,test}/**/*.test.ts"],
    // Tests that load ONNX Runtime into their own process are nobody's telemetry.
    env: { ORT_DISABLE_TELEMETRY: "1" },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
