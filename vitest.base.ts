import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What every package's tests have in common. */
export const base: ViteUserConfig = defineConfig({
  test: {
    include: ["{src,test}/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
