export type { Browser, Page } from "playwright-core";
export { findSoftwareGpu } from "./find-software-gpu.ts";
export { findBrowser } from "./find-browser.ts";
export { launchBrowser } from "./launch-browser.ts";
export type { InstalledBrowser } from "./unpack-chromium.ts";
