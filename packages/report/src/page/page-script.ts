import { createHash } from "node:crypto";
import type { PageData } from "./browser/page-data.ts";
import { Html } from "./html.ts";

/** `browser/start-page.ts` and all that it imports, as one script: put here by the build. */
declare const PAGE_SCRIPT: string;

/** What the page's security policy allows to run: this script and nothing else. */
export const scriptHash: string = `sha256-${createHash("sha256").update(PAGE_SCRIPT).digest("base64")}`;

/** The page's data and script. */
export function renderScript(data: PageData): Html {
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return new Html(
    `<div id="unit-pointer" role="status" hidden></div>\n` +
      `<script type="application/json" id="page-data">${json}</script>\n<script>${PAGE_SCRIPT}</script>`,
  );
}
