import { defineConfig, type ViteUserConfig } from "vitest/config";
import { base } from "./vitest.base.ts";

/** The tests of the repository itself: what is packed, what is depended upon, how it is released. */
const config: ViteUserConfig = defineConfig({
  test: { ...base.test, include: ["scripts/**/*.test.ts"], globalSetup: "scripts/global-setup.ts" },
});

export default config;
