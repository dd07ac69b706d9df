/**
 * A `require` that finds modules as a file does. Bundlers do not see it: webpack takes a call of an imported `createRequire` for one
 * that it can answer when it bundles.
 */
export function requireFrom(file: string): NodeJS.Require {
  return process.getBuiltinModule("node:module").createRequire(file);
}
