import { build } from "esbuild";
import type { Options } from "tsup";
import { base } from "../../tsup.base.ts";

/** Bundles what runs in the report's page into one script, to be written into the page. */
async function bundlePageScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["src/page/browser/start-page.ts"],
    absWorkingDir: import.meta.dirname,
    bundle: true,
    format: "iife",
    target: "es2022",
    write: false,
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error("src/page/browser/start-page.ts gave no script");
  return script.text;
}

/** What the sources expect of whoever bundles them: the build, and the tests. */
export const define: Record<string, string> = { PAGE_SCRIPT: JSON.stringify(await bundlePageScript()) };

const config: Options = {
  ...base,
  define,
  // What is loaded later is a file of its own, and what both share another: by these names, not by their hashes.
  esbuildOptions: (options) => {
    options.chunkNames = "[name]";
  },
};
export default config;
