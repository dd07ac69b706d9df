import type { Options } from "tsup";
import { base } from "../../tsup.base.ts";

const config: Options = {
  ...base,
  entry: { index: "src/index.ts", node: "src/node/index.ts" },
  // What both entries share is a file of its own, by this name and not by its hash.
  esbuildOptions: (options) => {
    options.chunkNames = "[name]";
  },
};
export default config;
