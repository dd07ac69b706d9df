import { type Browser, chromium } from "playwright-core";
import { findBrowser } from "./find-browser.ts";

const FLAGS = [
  // Pages are this repository's own; root, and users without namespaces, have no sandbox to offer.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
];

/**
 * Starts the browser that {@link findBrowser} finds, without a window.
 *
 * @throws {Error} if there is none; tests ask `findBrowser` first.
 */
export async function launchBrowser(): Promise<Browser> {
  const browser = await findBrowser();
  if (browser === undefined) {
    throw new Error(
      `No browser was found on ${process.platform} ${process.arch}. Install Chrome or Chromium, or name its program in CHROMIUM.`,
    );
  }
  return await chromium.launch({ ...browser, args: FLAGS });
}
