/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { type Browser, findBrowser, launchBrowser, type Page } from "@measure-plantain/browser-test";
import { csvParse } from "d3-dsv";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../test/synthetic-probe.ts";
import { type Analysis, analyzeCaptures } from "../statistics/analyze-captures.ts";
import { formatMeasure, formatP, formatT } from "../text/format-number.ts";
import { summarize } from "../summary/summarize.ts";
import { formatUnitCsv } from "../tables/unit-table.ts";
import { renderFigureFiles } from "./figures/render-figure-files.ts";
import { renderReport } from "./report-html.ts";

describe.skipIf((await findBrowser()) === undefined)("the page of 16,320 groups in a browser", () => {
  const context = syntheticContext();
  let folder: string;
  let file: string;
  let browser: Browser;
  let analysis: Analysis;

  beforeAll(async () => {
    const planted = { block: "single.2", effect: 0.06 };
    const captures = syntheticCaptures(syntheticLayout(), { planted, segments: true });
    analysis = await analyzeCaptures(captures, { flips: 50 });
    folder = await mkdtemp(join(tmpdir(), "report-page-"));
    file = join(folder, "report.html");
    await writeFile(
      file,
      renderReport({ analysis, summary: summarize(analysis, context), manifest: { note: "</script>" } }),
    );
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  /** Opens the page; `complaints` fills with what the console or the policy say. */
  async function open(options: {
    width: number;
    colorScheme?: "light" | "dark";
  }): Promise<{ page: Page; complaints: string[] }> {
    const { width, colorScheme = "light" } = options;
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(dialog.message()));
    page.on("request", (request) => {
      if (!/^(file|data):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    return { page, complaints };
  }

  /** The points of a canvas whose pixels are not all alike. */
  const countColours = (canvas: HTMLCanvasElement): number => {
    const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    const colours = new Set<string>();
    for (let at = 0; at < data.length; at += 4) colours.add([data[at], data[at + 1], data[at + 2]].join());
    return colours.size;
  };

  test("is under 3 MB and opens without a complaint and without the network", async () => {
    expect((await stat(file)).size).toBeLessThan(3e6);
    const { page, complaints } = await open({ width: 1280 });
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.each([
    [1280, "light"],
    [1280, "dark"],
    [390, "light"],
  ] as const)(
    "shows every figure %d pixels wide in %s, and nothing sticks out",
    async (width, colorScheme) => {
      const { page, complaints } = await open({ width, colorScheme });
      for (const id of ["#depth", "#volcano", "#halves", "#tokens", "#segments"])
        expect(await page.locator(`${id} svg:visible`).count(), id).toBe(1);
      expect(await page.locator("#null svg:visible").count()).toBe(9);
      expect(await page.locator(".heat-map canvas").evaluate(countColours)).toBeGreaterThan(50);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  test("pointing at the heat map names the unit and its values, as the CSV has them", async () => {
    const { page } = await open({ width: 1280 });
    const canvas = page.locator(".heat-map canvas");
    await canvas.scrollIntoViewIfNeeded();
    await canvas.hover({ position: { x: 400, y: 22 + 7.5 * 16 } });
    const pointer = page.locator("#unit-pointer");
    const address = await pointer.locator("strong").textContent();
    expect(address).toMatch(/^single\.2\.mlp\[\d+:\d+\]$/);
    const [groups] = analysis.granularities;
    const row = groups && csvParse(formatUnitCsv(groups)).find((unit) => unit["address"] === address);
    expect(await pointer.locator("span").allTextContents()).toEqual([
      formatT(Number(row?.["t"])),
      formatMeasure(Number(row?.["rms_a"])),
      formatMeasure(Number(row?.["rms_b"])),
      formatMeasure(Number(row?.["mean_difference"])),
      formatT(Number(row?.["d_z"])),
      formatP(Number(row?.["p"])),
      formatP(Number(row?.["p_family_wise"])),
    ]);
    await page.mouse.move(5, 5);
    expect(await pointer.isVisible()).toBe(false);
    await page.close();
  });

  test("the heat map zooms to single units, turns to real heads, and walks by the keyboard", async () => {
    const { page, complaints } = await open({ width: 1280 });
    const canvas = page.locator(".heat-map canvas");
    const address = page.locator("#unit-pointer strong");
    await canvas.focus();
    await page.keyboard.press("ArrowRight");
    expect(await address.textContent()).toBe(summarize(analysis, context).granularities[0]?.maximum?.address);
    const before = await canvas.screenshot();
    for (let step = 0; step < 4; step++) await page.locator("[data-zoom='2']").click();
    expect(await canvas.screenshot()).not.toEqual(before);
    await page.locator("[data-map='head']").click();
    expect(await page.locator("[data-map='head']").getAttribute("aria-pressed")).toBe("true");
    await canvas.hover({ position: { x: 90, y: 30 } });
    expect(await address.textContent()).toMatch(/^joint\.0\.head\.\d+$/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("every move of the pointer over the heat map is answered at once, by the unit beneath it", async () => {
    const { page } = await open({ width: 1280 });
    const canvas = page.locator(".heat-map canvas");
    await canvas.scrollIntoViewIfNeeded();
    const named = await canvas.evaluate((element) => {
      const { left, top, width } = element.getBoundingClientRect();
      return Array.from({ length: 200 }, (_, move) => {
        const clientX = left + 100 + (move / 200) * (width - 120);
        element.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY: top + 200 }));
        return document.querySelector("#unit-pointer strong")?.textContent ?? "";
      });
    });
    expect(new Set(named).size).toBeGreaterThan(150);
    for (const address of named) expect(address).toMatch(/^single\.\d+\.(attn|mlp)\[/);
    await page.close();
  });

  test.each(["light", "dark"] as const)(
    "on paper, read in %s, it is dark on white: figures too, tables whole and all lists open",
    async (colorScheme) => {
      const { page, complaints } = await open({ width: 1280, colorScheme });
      await page.emulateMedia({ media: "print", colorScheme });
      await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
      const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(paper).toBe("rgb(255, 255, 255)");
      const canvas = page.locator(".heat-map canvas");
      const darkShare = await canvas.evaluate((element: HTMLCanvasElement) => {
        const { data } = element.getContext("2d")?.getImageData(0, 0, element.width, element.height) ?? {
          data: [],
        };
        let dark = 0;
        for (let at = 0; at < data.length; at += 4)
          if ((data[at + 3] ?? 0) > 0 && (data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0) < 300)
            dark += 1;
        return (4 * dark) / data.length;
      });
      expect(darkShare).toBeLessThan(0.2);
      for (const list of await page.locator("#strongest tbody").all())
        expect(await list.isVisible()).toBe(true);
      expect(await page.locator(".heat-map button:visible").count()).toBe(0);
      const breaks = page.locator("figure, .scroll, #prompts tbody");
      const inside = await breaks.evaluateAll((elements) =>
        elements.map((element) => getComputedStyle(element).breakInside),
      );
      expect(new Set(inside)).toEqual(new Set(["avoid"]));
      expect((await page.pdf({ format: "A4" })).subarray(0, 5).toString()).toBe("%PDF-");
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  test("pointing at a dot of the volcano names the group", async () => {
    const { page } = await open({ width: 1280 });
    const dots = page.locator("#volcano svg:visible");
    await dots.scrollIntoViewIfNeeded();
    const box = await dots.boundingBox();
    await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) * 0.85);
    expect(await page.locator("#unit-pointer strong").textContent()).toMatch(/^(joint|single)\.\d+\./);
    expect(await dots.locator(".marker").getAttribute("visibility")).toBe("visible");
    await page.close();
  });

  test("the numbers read back from the page are the summary's", async () => {
    const { page } = await open({ width: 1280 });
    const { granularities } = summarize(analysis, context);
    for (const { name, thresholds } of granularities) {
      const values = page.locator(`#results [data-granularity="${name}"] td.observed data`);
      const read = await values.evaluateAll((elements) =>
        elements.map((element) => element.getAttribute("value")),
      );
      expect(read.slice(0, thresholds.length).map(Number)).toEqual(
        thresholds.map(({ observed }) => observed),
      );
    }
    await page.close();
  });

  test("every figure file is an image by itself", async () => {
    const page = await browser.newPage();
    for (const { name, svg } of renderFigureFiles(analysis, summarize(analysis, context))) {
      const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
      const width = await page.evaluate(async (src) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        return image.naturalWidth;
      }, source);
      expect(width, name).toBeGreaterThan(200);
    }
    await page.close();
  });

  test("prompts with markup, emoji and right-to-left script appear as they were written, and none runs", async () => {
    const { page, complaints } = await open({ width: 1280 });
    const cells = page.locator("#prompts tr[data-pair] td:nth-of-type(-n+2)");
    const texts = context.promptSet.pairs.flatMap(({ a, b }) => [a, b]);
    expect(await cells.allTextContents()).toEqual(texts);
    expect(await page.locator("#prompts img, #prompts b").count()).toBe(0);
    expect(await page.locator("script").count()).toBe(2);
    expect(complaints).toEqual([]);
    const arabic = page.locator("#prompts tr[data-pair='pair-2'] td").first();
    expect(await arabic.evaluate((cell) => getComputedStyle(cell).direction)).toBe("rtl");
    await page.close();
  });
});
