import { describeRarity } from "../../text/describe-rarity.ts";
import type { AuditSummary, Summary } from "../../summary/summary.ts";
import { formatT } from "../../text/format-number.ts";
import { shown } from "../../text/result-rows.ts";
import { renderConfounds } from "./confounds-section.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** The prompt pairs with their audit, and what their answers go with. */
export function renderPrompts({ audit, confounds, promptSet: { labels } }: Summary): Html {
  const { verdicts, changes, pairs, direction, wordCounts } = audit;
  const rarity = describeRarity(direction, { labels, wordCounts });
  const hasRarity = direction.wordClass !== undefined;
  return html`<section id="prompts">
    <h2>Prompt pairs</h2>
    <p>
      ${verdicts.matched} matched, ${verdicts.change} to change, ${verdicts.identical} identical, by their
      number of tokens and the words that they share.
    </p>
    ${
      hasRarity
        ? rarity.map((sentence) => html`<p dir="auto">${sentence}</p>`)
        : html`<p>
            How rare their words are was not asked: <code>--word-counts</code> takes a list of words.
          </p>`
    }
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
          ${hasRarity ? html`<th scope="col" class="number">rarity</th>` : null}
          ${confounds === null ? null : html`<th scope="col" class="number">response</th>`}
          <th scope="col">audit</th>
        </tr>
      </thead>
      ${pairs.map((pair, place) => renderPair(pair, confounds?.responses[place]))}
    </table>
  </section>`;
}

/** A mean of frequency classes. */
const formatRarity = (mean: number): string => mean.toFixed(1);

/** A pair with what to change in it: a row group of its own, which no page of print divides. */
function renderPair(
  { id, a, b, tokens, wordClass, verdict, changes }: AuditSummary["pairs"][number],
  response: number | undefined,
): Html {
  const columns = 4 + (wordClass === undefined ? 0 : 1) + (response === undefined ? 0 : 1);
  return html`<tbody>
    <tr data-pair="${id}">
      <th scope="row" dir="auto">${id}</th>
      <td dir="auto">${a}</td>
      <td dir="auto">${b}</td>
      <td class="number"><span class="label">tokens </span>${tokens.a} / ${tokens.b}</td>
      ${
        wordClass === undefined
          ? null
          : html`<td class="number">
              <span class="label">rarity </span>${renderNumber(shown(wordClass.a, formatRarity))} /
              ${renderNumber(shown(wordClass.b, formatRarity))}
            </td>`
      }
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
          <td colspan="${columns}" dir="auto">${change}</td>
        </tr>`,
    )}
  </tbody>`;
}
