/** Markup that is safe to put into a page as it is. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What may stand in a template: texts and numbers are escaped, markup is not, lists are joined. */
export type HtmlValue = string | number | Html | readonly Html[] | null;

/**
 * Builds markup from a template; everything that is put in is escaped, unless it is markup itself.
 *
 * @example
 * html`<p>${"1 < 2"}</p>`.markup; // "<p>1 &lt; 2</p>"
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.reduce((markup, part, place) => markup + markupOf(values[place - 1] ?? null) + part));
}

/** The text as markup, in an element's content or between quotes. */
function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function markupOf(value: HtmlValue): string {
  if (value === null) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(({ markup }) => markup).join("");
}
