import { mergeConfig, type ViteUserConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

const config: ViteUserConfig = mergeConfig(base, { test: { globalSetup: ["test/global-setup.ts"] } });

export default config;
