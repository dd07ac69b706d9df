import type { Shown } from "../../text/result-rows.ts";
import { html, type Html } from "../html.ts";

/** A number as it is written everywhere, with all its digits in the element's value. */
export function renderNumber({ value, text }: Shown): Html {
  return html`<data value="${value ?? "Infinity"}">${text}</data>`;
}
