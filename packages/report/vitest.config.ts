import { mergeConfig, type ViteUserConfig } from "vitest/config";
import { withoutMocks } from "../../vitest.base.ts";
import { define } from "./tsup.config.ts";

const config: ViteUserConfig = mergeConfig(withoutMocks, { define });

export default config;
