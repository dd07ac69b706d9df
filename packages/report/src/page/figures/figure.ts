import type { Html } from "../html.ts";

/** A drawing of the report, which the page puts into its text and `figures/` keeps as a file. */
export interface Figure {
  /** The name of its file without an extension, as `heat-map-group`. */
  readonly name: string;
  /** One `<svg>` element, whose colours follow the page's scheme. */
  readonly svg: Html;
}
