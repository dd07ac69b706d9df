import type { SteeredImage } from "@measure-plantain/probe";
import { listSetDifferences } from "../../statistics/steering-differences.ts";
import { formatT } from "../../text/format-number.ts";
import {
  describeSteering,
  formatDifference,
  formatFactor,
  STEERING_LIMITS,
} from "../../text/format-steering.ts";
import { html, type Html } from "../html.ts";
import type { SteeringSheet } from "../preview-steering.ts";
import { renderNumber } from "./shown-number.ts";

/** The same prompts and noise with the strongest units scaled, next to the weakest and random ones. */
export function renderSteering(sheet: SteeringSheet | null): Html | null {
  if (sheet === null) return null;
  const { steering, previews } = sheet;
  const { settings, images } = steering;
  const shown = settings.prompts.flatMap((prompt, index) =>
    settings.seeds.flatMap((seed) => renderSheet(sheet, { prompt, index, seed })),
  );
  return html`<section id="steering">
    <h2>Steered images</h2>
    <p>${describeSteering(steering)}</p>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">mean |t|</th>
            ${settings.scale.map((scale) => html`<th scope="col">${formatFactor(scale)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${listSetDifferences(steering).map(
            ({ name, meanAbsT, differences }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${renderNumber({ value: meanAbsT, text: formatT(meanAbsT) })}</td>
                ${differences.map((value) => html`<td>${renderDifference(value)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${shown}
    ${
      previews.size < images.length
        ? html`<p>
            ${images.length - previews.size} more images are in the folder <code>steering</code>: the page has
            no room for them.
          </p>`
        : null
    }
    <details>
      <summary>the units</summary>
      ${steering.sets.map(({ name, units }) => html`<p>${name}: <code>${units.join(", ")}</code></p>`)}
    </details>
    <p>${STEERING_LIMITS}</p>
  </section>`;
}

function renderDifference(value: number | null): Html {
  const text = formatDifference(value);
  return value === null ? html`${text}` : renderNumber({ value, text });
}

/** All images of one prompt and seed: sets below each other, factors next to each other. */
function renderSheet(
  { steering, previews }: SteeringSheet,
  { prompt, index, seed }: { readonly prompt: string; readonly index: number; readonly seed: number },
): readonly Html[] {
  const own = steering.images.filter((image) => image.prompt === index && image.seed === seed);
  if (!own.some(({ file }) => previews.has(file))) return [];
  const find = (set: number | null, scale: number): SteeredImage | undefined =>
    own.find((image) => image.set === set && image.scale === scale);
  const cell = (image: SteeredImage | undefined, label: string, rows = 1): Html => {
    const preview = image && previews.get(image.file);
    if (preview === undefined) return html`<td rowspan="${rows}"></td>`;
    return html`<td rowspan="${rows}">
      <img
        src="data:${preview.type};base64,${Buffer.from(preview.image).toString("base64")}"
        alt="${label}"
      />
      ${image?.set === null ? "as it is" : renderDifference(image?.difference ?? null)}
    </td>`;
  };
  const { scale } = steering.settings;
  const table = html`<h3 dir="auto"><q>${prompt}</q>, seed ${seed}</h3>
    <div class="scroll">
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">${formatFactor(1)}</th>
            ${scale.map((factor) => html`<th scope="col">${formatFactor(factor)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${steering.sets.map(
            ({ name }, set) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${set === 0 ? cell(find(null, 1), `${prompt}, as it is`, steering.sets.length) : null}
                ${scale.map((factor) =>
                  cell(find(set, factor), `${prompt}, ${name} ${formatFactor(factor)}`),
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  return [table];
}
