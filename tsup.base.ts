import type { Options } from "tsup";

/** What every package's build has in common: one ES module per entry, its types, and the source map of both. */
export const base: Options = {
  entry: ["src/index.ts"],
  format: "esm",
  target: "node20.19",
  platform: "node",
  dts: { compilerOptions: { noEmit: false } },
  sourcemap: true,
  clean: true,
  treeshake: true,
};
