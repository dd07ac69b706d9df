// What needs a file system. The main entry needs none, and runs in a browser, too.
export { type HookedModelFile, hookModelFile } from "./hook-model-file.ts";
export { tapActivationsFile } from "./tap-activations-file.ts";
