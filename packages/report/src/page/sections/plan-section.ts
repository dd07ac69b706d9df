import {
  describeCriterion,
  describeDeparture,
  describeFigures,
  describeVerdict,
} from "../../plan/describe-plan.ts";
import type { Summary } from "../../summary/summary.ts";
import { html, type Html } from "../html.ts";

/** What came of the plan of a run; nothing for a run without one. */
export function renderPlan({ plan }: Pick<Summary, "plan">): Html | null {
  if (plan === undefined) return null;
  return html`<section id="plan">
    <h2>The plan</h2>
    <p>${describeVerdict(plan)}</p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">criterion</th>
            <th scope="col">found</th>
            <th scope="col"></th>
          </tr>
        </thead>
        <tbody>
          ${plan.criteria.map(
            (result) =>
              html`<tr>
                <th scope="row"><bdi>${describeCriterion(result.criterion)}</bdi></th>
                <td><bdi>${describeFigures(result)}</bdi></td>
                <td>${result.isMet ? "met" : "not met"}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${renderList("Departures", plan.departures.map(describeDeparture))}
    ${renderList("In the planner's words", plan.text)}
    <p>SHA-256 of plan.json: <code>${plan.sha256}</code></p>
  </section>`;
}

function renderList(title: string, items: readonly string[]): Html | null {
  if (items.length === 0) return null;
  return html`<p>${title}:</p>
    <ul>
      ${items.map((item) => html`<li dir="auto">${item}</li>`)}
    </ul>`;
}
