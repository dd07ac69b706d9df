import type { Options } from "tsup";
import { base } from "../../tsup.base.ts";

const config: Options = {
  ...base,
  entry: ["src/index.ts", "src/session/session-host.ts", "src/session/end-with-parent.ts"],
};
export default config;
