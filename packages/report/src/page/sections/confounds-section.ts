import { confoundNames, type ConfoundsSummary } from "../../summary/confounds.ts";
import { formatP, formatT } from "../../text/format-number.ts";
import { shown } from "../../text/result-rows.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** What the audit counts in the pairs against how strongly each of them answered. */
export function renderConfounds(confounds: ConfoundsSummary | null): Html | null {
  if (confounds === null) return null;
  const { correlations, constant, alpha } = confounds;
  return html`<h3>What the answers go with</h3>
    <p>
      A pair's response is the mean over the groups of its difference, in standard deviations of the group,
      counted positive where it goes the way that the other pairs go on average. A confound that the responses
      follow may be a part of the effect: look for p ≤ ${alpha} after Holm.
    </p>
    ${
      correlations.length === 0
        ? null
        : html`<div class="scroll">
            <table class="numbers" id="confounds">
              <thead>
                <tr>
                  <th scope="col">confound</th>
                  <th scope="col">r</th>
                  <th scope="col">rank correlation ρ</th>
                  <th scope="col">p of ρ</th>
                  <th scope="col">p, Holm</th>
                </tr>
              </thead>
              <tbody>
                ${correlations.map(
                  ({ confound, pearson, spearman, p, familyWiseP }) =>
                    html`<tr data-confound="${confound}">
                      <th scope="row">${confoundNames[confound]}</th>
                      <td>${renderNumber(shown(pearson, formatT))}</td>
                      <td class="observed">${renderNumber(shown(spearman, formatT))}</td>
                      <td>${renderNumber(shown(p, formatP))}</td>
                      <td>${renderNumber(shown(familyWiseP, formatP))}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
    ${
      constant.length === 0
        ? null
        : html`<p>The same in every pair: ${constant.map((name) => confoundNames[name]).join("; ")}.</p>`
    }`;
}
