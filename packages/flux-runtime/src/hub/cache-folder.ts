import { homedir } from "node:os";
import { join } from "node:path";

/** The user's cache folder for what this package makes: MEASURE_PLANTAIN_CACHE, else the platform's convention. */
export function cacheFolder(): string {
  const { MEASURE_PLANTAIN_CACHE, XDG_CACHE_HOME } = process.env;
  if (MEASURE_PLANTAIN_CACHE) return MEASURE_PLANTAIN_CACHE;
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "measure-plantain");
}
