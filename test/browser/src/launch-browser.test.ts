import { expect, test } from "vitest";
import { findBrowser } from "./find-browser.ts";
import { launchBrowser } from "./launch-browser.ts";

test.skipIf((await findBrowser()) === undefined)(
  "launchBrowser() starts a browser that draws text, with nothing but what npm installs",
  async () => {
    const browser = await launchBrowser();
    const page = await browser.newPage();
    await page.setContent("<span>Wide words</span><span></span>");
    const [words, nothing] = await page.locator("span").all();
    expect((await words?.boundingBox())?.width).toBeGreaterThan(20);
    expect((await nothing?.boundingBox())?.width).toBe(0);
    await browser.close();
  },
);

test.runIf(process.platform === "linux" && process.arch === "x64")(
  "findBrowser() always finds a browser on Linux x64, so that no test is skipped",
  async () => {
    expect(await findBrowser()).toBeDefined();
  },
);
