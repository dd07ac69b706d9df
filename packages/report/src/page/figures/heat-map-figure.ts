import type { Analysis } from "../../statistics/analyze-captures.ts";
import type { Summary } from "../../summary/summary.ts";
import { STRONGEST_COLOUR } from "../browser/paint-heat-map.ts";
import type { PageData } from "../browser/page-data.ts";
import { html, type Html } from "../html.ts";

/** Every unit of every block as a cell coloured by its t; drawn and made to answer by the page's script. */
export function renderHeatMap(
  { blocks }: Analysis,
  { promptSet: { labels } }: Summary,
  { maps }: PageData,
): Html | null {
  if (maps.length === 0) return null;
  const [strongest] = blocks;
  const label =
    "Heat map of t: one row per block, one cell per unit" +
    (strongest === undefined ? "" : `; the block of the largest share is ${strongest.block}`);
  return html`<section id="map">
    <h2>Where the units are that answer</h2>
    <p>
      One row per block in the order of the network, its channels from left to right; a line stands where
      attention output ends and MLP channels begin.
      <span class="screen"
        >Point at a cell to see its address and values. Ctrl + wheel, a double click or the buttons zoom,
        dragging moves, and with the keyboard the arrows walk from unit to unit.</span
      >
    </p>
    <figure class="heat-map" data-strongest="${STRONGEST_COLOUR}">
      <div class="controls">
        <div role="group" aria-label="Units">
          ${maps.map(
            ({ name, title }, place) =>
              html`<button type="button" data-map="${name}" aria-pressed="${place === 0 ? "true" : "false"}">
                ${title}
              </button>`,
          )}
        </div>
        <div role="group" aria-label="Zoom">
          <button type="button" data-zoom="2" aria-label="Zoom in">+</button>
          <button type="button" data-zoom="0.5" aria-label="Zoom out">−</button>
          <button type="button" data-zoom="0">whole</button>
        </div>
      </div>
      <div class="map">
        <canvas tabindex="0" role="img" aria-label="${label}"></canvas>
        <div class="cursor" hidden></div>
      </div>
      <div class="scale">
        <span><bdi>${labels.a}</bdi> stronger, t ≤ −${STRONGEST_COLOUR}</span><i></i
        ><span>t ≥ ${STRONGEST_COLOUR}, <bdi>${labels.b}</bdi> stronger</span>
      </div>
      <noscript
        ><p class="note">
          The heat map is drawn by a script in this page, which is switched off here.
        </p></noscript
      >
    </figure>
  </section>`;
}
