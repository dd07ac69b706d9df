import type { Summary } from "../../summary/summary.ts";
import { axisRows, describeAxes } from "../../text/axis-texts.ts";
import { formatCount, formatP } from "../../text/format-number.ts";
import { shown } from "../../text/result-rows.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** Signed responses as vectors; `null` if they were not captured. */
export function renderAxes({ axes }: Pick<Summary, "axes">): Html | null {
  const [first] = axes;
  if (first === undefined) return null;
  return html`<section id="signed">
    <h2>Do the pairs share a direction?</h2>
    <p>
      The mean over tokens of every channel keeps its sign. The difference of a pair is then a vector, and one
      axis means that all pairs point the same way. Against
      ${renderNumber(shown(first.labellings, formatCount))} sign flips of whole pairs; the halves are those of
      ${first.splits} halvings.
    </p>
    <ul>
      ${describeAxes(axes).map((sentence) => html`<li dir="auto">${sentence}</li>`)}
    </ul>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">response</th>
            <th scope="col">statistic</th>
            <th scope="col">observed</th>
            <th scope="col" class="minor">null p99</th>
            <th scope="col">p</th>
            <th scope="col">family-wise p</th>
          </tr>
        </thead>
        <tbody>
          ${axisRows(axes).map(
            ({ response, statistic, tested, format }) =>
              html`<tr>
                <th scope="row">${response}</th>
                <td>${statistic}</td>
                <td class="observed">${renderNumber(shown(tested.observed, format))}</td>
                <td class="minor">${renderNumber(shown(tested.nullP99, format))}</td>
                <td>${renderNumber(shown(tested.p, formatP))}</td>
                <td>${renderNumber(shown(tested.familyWiseP, formatP))}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
