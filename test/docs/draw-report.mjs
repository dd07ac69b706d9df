// Draws the pictures of the README: the head and the heat map of a run's report, in both colour schemes.
// Needs a build. Usage: node draw-report.mjs RUN_FOLDER, by default the one that `npm start` writes.
import { launchBrowser } from "@measure-plantain/browser-test";
import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const repository = join(import.meta.dirname, "../..");
const report = resolve(process.argv[2] ?? join(repository, "runs/tiny-measure"), "report.html");
const images = join(repository, "docs/images");
mkdirSync(images, { recursive: true });

const browser = await launchBrowser();
for (const colorScheme of ["light", "dark"]) {
  const page = await browser.newPage({ viewport: { width: 960, height: 800 }, colorScheme });
  await page.goto(pathToFileURL(report).href);
  await page.waitForSelector("#map canvas, #map svg");
  // Everything but the head and the map goes, so that the picture is one piece.
  await page.locator("section:not(#map)").evaluateAll((sections) => {
    for (const section of sections) section.remove();
  });
  await page.waitForTimeout(300); // the map paints when its place is known
  const path = join(images, `report-${colorScheme}.png`);
  const { bottom } = await page.locator("#map").evaluate((map) => map.getBoundingClientRect().toJSON());
  await page.screenshot({
    path,
    clip: { x: 0, y: 0, width: 960, height: Math.ceil(bottom) + 16 },
    fullPage: true,
  });
  console.log(path, `${Math.round(statSync(path).size / 1024)} kB`);
  await page.close();
}
await browser.close();
