export type { Browser, Page } from "playwright-core";
export { findBrowser, type InstalledBrowser } from "./find-browser.ts";
export { launchBrowser } from "./launch-browser.ts";
