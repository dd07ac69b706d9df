import { formatPlantScore } from "../../text/format-plant.ts";
import type { PlantScore } from "../../statistics/score-plant.ts";
import type { ScoredPlant } from "../../summary/list-plants.ts";
import { formatShare } from "../../text/format-number.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** The positive controls: what the probe finds where it is known what there is to find. */
export function renderPlanted(plants: readonly ScoredPlant[]): Html | null {
  if (plants.length === 0) return null;
  return html`<section id="planted">
    <h2>Where the answer is known</h2>
    <p>
      The same probe on the same checkpoint, in which the weights of a few MLP groups were altered so that
      they answer to what separates the two sides of the pairs. Decoys were altered alike, but answer in a
      random direction to each pair. The probe should find the planted groups, and neither the decoys nor
      others.
    </p>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">planted found</th>
            <th scope="col">decoys found</th>
            <th scope="col">others found</th>
            <th scope="col">precision</th>
            <th scope="col">recall</th>
          </tr>
        </thead>
        <tbody>
          ${plants.map(({ name, score }) => renderLine(name, score))}
        </tbody>
      </table>
    </div>
    ${plants.map(({ name, score }) => html`<p><bdi>${name}</bdi>: ${formatPlantScore(score)}</p>`)}
  </section>`;
}

function renderLine(name: string, score: PlantScore): Html {
  const { planted, decoys, found, decoysFound, others, precision, recall } = score;
  const count = (value: number): Html => renderNumber({ value, text: String(value) });
  return html`<tr>
    <th scope="row"><bdi>${name}</bdi></th>
    <td>${count(found.length)} of ${planted}</td>
    <td>${count(decoysFound.length)} of ${decoys}</td>
    <td>${count(others.length - decoysFound.length)}</td>
    <td>${precision === null ? "–" : renderNumber({ value: precision, text: formatShare(precision) })}</td>
    <td>${renderNumber({ value: recall, text: formatShare(recall) })}</td>
  </tr>`;
}
