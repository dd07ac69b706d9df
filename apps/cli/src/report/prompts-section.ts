import type { AuditSummary, Summary } from "../results/summary.ts";
import { html, type Html } from "./html.ts";

/** The prompt pairs with their audit. */
export function renderPrompts({ audit, promptSet: { labels } }: Summary): Html {
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
    <table class="prompts">
      <thead>
        <tr>
          <th scope="col">pair</th>
          <th scope="col"><bdi>${labels.a}</bdi></th>
          <th scope="col"><bdi>${labels.b}</bdi></th>
          <th scope="col" class="number">tokens</th>
          <th scope="col">audit</th>
        </tr>
      </thead>
      <tbody>
        ${pairs.flatMap(renderPair)}
      </tbody>
    </table>
  </section>`;
}

function renderPair({ id, a, b, tokens, verdict, changes }: AuditSummary["pairs"][number]): Html[] {
  return [
    html`<tr data-pair="${id}">
      <th scope="row" dir="auto">${id}</th>
      <td dir="auto">${a}</td>
      <td dir="auto">${b}</td>
      <td class="number">${tokens.a} / ${tokens.b}</td>
      <td class="verdict" data-verdict="${verdict}">${verdict}</td>
    </tr>`,
    ...changes.map(
      (change) =>
        html`<tr class="changes">
          <td></td>
          <td colspan="4" dir="auto">${change}</td>
        </tr>`,
    ),
  ];
}
