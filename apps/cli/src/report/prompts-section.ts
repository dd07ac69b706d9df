import type { AuditSummary, Summary } from "../results/summary.ts";
import { formatT } from "../results/format-number.ts";
import { shown } from "../results/result-rows.ts";
import { renderConfounds } from "./confounds-section.ts";
import { html, type Html } from "./html.ts";
import { renderNumber } from "./shown-number.ts";

/** The prompt pairs with their audit, and what their answers go with. */
export function renderPrompts({ audit, confounds, promptSet: { labels } }: Summary): Html {
  const { verdicts, changes, pairs } = audit;
  return html`<section id="prompts">
    <h2>Prompt pairs</h2>
    <p>
      ${verdicts.matched} matched, ${verdicts.change} to change, ${verdicts.identical} identical, by their
      number of tokens and the words that they share.
    </p>
    ${
      changes.length === 0
        ? null
        : html`<ul>
            ${changes.map((change) => html`<li dir="auto">${change}</li>`)}
          </ul>`
    }
    ${renderConfounds(confounds)}
    <h3>The pairs</h3>
    <table class="prompts">
      <thead>
        <tr>
          <th scope="col">pair</th>
          <th scope="col"><bdi>${labels.a}</bdi></th>
          <th scope="col"><bdi>${labels.b}</bdi></th>
          <th scope="col" class="number">tokens</th>
          ${confounds === null ? null : html`<th scope="col" class="number">response</th>`}
          <th scope="col">audit</th>
        </tr>
      </thead>
      ${pairs.map((pair, place) => renderPair(pair, confounds?.responses[place]))}
    </table>
  </section>`;
}

/** A pair with what to change in it: a row group of its own, which no page of print divides. */
function renderPair(
  { id, a, b, tokens, verdict, changes }: AuditSummary["pairs"][number],
  response: number | undefined,
): Html {
  return html`<tbody>
    <tr data-pair="${id}">
      <th scope="row" dir="auto">${id}</th>
      <td dir="auto">${a}</td>
      <td dir="auto">${b}</td>
      <td class="number"><span class="label">tokens </span>${tokens.a} / ${tokens.b}</td>
      ${
        response === undefined
          ? null
          : html`<td class="number response">
              <span class="label">response </span>${renderNumber(shown(response, formatT))}
            </td>`
      }
      <td class="verdict" data-verdict="${verdict}">${verdict}</td>
    </tr>
    ${changes.map(
      (change) =>
        html`<tr class="changes">
          <td></td>
          <td colspan="${response === undefined ? 4 : 5}" dir="auto">${change}</td>
        </tr>`,
    )}
  </tbody>`;
}
