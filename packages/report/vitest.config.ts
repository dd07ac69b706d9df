import { mergeConfig, type ViteUserConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";
import { define } from "./tsup.config.ts";

const config: ViteUserConfig = mergeConfig(base, { define });

export default config;
