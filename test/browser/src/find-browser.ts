import { existsSync } from "node:fs";
import { type InstalledBrowser, unpackChromium } from "./unpack-chromium.ts";

/** Where Chromium and Chrome are installed; the first that exists is taken. */
const PLACES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ],
  linux: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
  win32: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files\\Chromium\\Application\\chrome.exe",
  ],
};

/**
 * The browser that `CHROMIUM` names; on Linux x64 the one that npm installs with this repository; on other systems one
 * that is installed, or none.
 */
export async function findBrowser(): Promise<InstalledBrowser | undefined> {
  const { env, platform, arch } = process;
  const named = env["CHROMIUM"];
  if (named === undefined && platform === "linux" && arch === "x64") return await unpackChromium();
  const executablePath = named ?? PLACES[platform]?.find((place) => existsSync(place));
  return executablePath === undefined ? undefined : { executablePath, env };
}
