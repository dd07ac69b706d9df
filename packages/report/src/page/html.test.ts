/// <reference lib="dom" />
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { html } from "./html.ts";

test("html escapes what is put in, in content and between quotes, and keeps markup", () => {
  const bold = html`<b>${1}</b>`;
  expect(html`<p title="${`a "b" 'c'`}">${"<i> & </i>"}${bold}${null}</p>`.markup).toBe(
    '<p title="a &quot;b&quot; &#39;c&#39;">&lt;i&gt; &amp; &lt;/i&gt;<b>1</b></p>',
  );
});

test("html joins lists of markup", () => {
  const items = ["a", "b"].map((text) => html`<li>${text}</li>`);
  expect(
    html`<ul>
      ${items}
    </ul>`.markup.replaceAll(/\s/g, ""),
  ).toBe("<ul><li>a</li><li>b</li></ul>");
});

test("any text reads back as the same text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const { document } = parseHTML(`<html><body>${html`<p>${text}</p>`.markup}</body></html>`);
      expect(document.querySelector("p")?.textContent).toBe(text);
    }),
  );
});
