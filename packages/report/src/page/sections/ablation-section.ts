import { mean } from "d3-array";
import {
  ablationStatistics,
  type Ablation,
  type AblationStatistic,
  type SetAblation,
} from "@measure-plantain/probe";
import {
  describeLimits,
  describeMethod,
  describeRanking,
  describeSet,
  formatChange,
  nameUnits,
  statisticNames,
} from "../../text/format-ablation.ts";
import { formatP } from "../../text/format-number.ts";
import { drawNullHistogram } from "../figures/null-histogram.ts";
import { itemAt } from "../../reading.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

const BINS = 32;

/** What the prediction loses without the strongest units, and without random ones like them. */
export function renderAblation(ablation: Ablation | null): Html | null {
  if (ablation === null) return null;
  const { settings, sets, definitions, deviationFromRun } = ablation;
  return html`<section id="ablation">
    <h2>Without these units</h2>
    <p>
      The ${nameUnits(ablation)} of each set were ${describeMethod(ablation)}, on their way into the output
      projections, in all passes of ${settings.pairs.length} pairs; grey: ${settings.random} random sets of as
      many units of the same blocks and kinds. Without ablation the passes repeat the run's root mean squares
      to ${formatChange(deviationFromRun)}.
    </p>
    <p>${describeRanking(ablation)}</p>
    ${sets.map((set) => renderSet(ablation, set))}
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">observed</th>
            <th scope="col">null mean</th>
            <th scope="col" class="minor">null range</th>
            <th scope="col">p</th>
          </tr>
        </thead>
        ${sets.map((set) => renderRows(ablation, set))}
      </table>
    </div>
    <ul>
      ${ablationStatistics.map(
        (statistic) =>
          html`<li>
            ${statisticNames[statistic].replace(/^./, (first) => first.toUpperCase())}:
            ${definitions[statistic]}.
          </li>`,
      )}
    </ul>
    <p>${describeLimits(ablation)}</p>
  </section>`;
}

function renderSet(ablation: Ablation, set: SetAblation): Html {
  return html`<h3>${titleSet(ablation, set)}</h3>
    <p>${describeSet(set)}</p>
    <div class="multiples">
      ${ablationStatistics.map(
        (statistic) =>
          html`<figure class="figure-ablation">
            ${drawSets(set, statistic)}
            <figcaption>${statisticNames[statistic]}, p = ${formatP(set.tests[statistic].p)}</figcaption>
          </figure>`,
      )}
    </div>
    <details>
      <summary>the units</summary>
      ${set.set.units.map((units, fold) => renderUnits(ablation, units, fold))}
    </details>`;
}

/** The units that the pairs of one half chose, or all pairs. */
function renderUnits({ folds }: Ablation, units: readonly string[], fold: number): Html {
  const ranking =
    folds.length > 1 ? html`ranked by <bdi>${itemAt(folds, fold).rankedBy.join(", ")}</bdi>: ` : null;
  return html`<p>${ranking}<code>${units.join(", ")}</code></p>`;
}

function renderRows(ablation: Ablation, set: SetAblation): Html {
  const number = (value: number): Html => renderNumber({ value, text: formatChange(value) });
  return html`<tbody>
    <tr class="group">
      <th scope="rowgroup" colspan="5">${titleSet(ablation, set)}</th>
    </tr>
    ${ablationStatistics.map((statistic) => {
      const { observed, nullMean, nullMinimum, nullMaximum, p } = set.tests[statistic];
      return html`<tr>
        <th scope="row">${statisticNames[statistic]}</th>
        <td class="observed">${number(observed)}</td>
        <td>${number(nullMean)}</td>
        <td class="minor">${number(nullMinimum)} to ${number(nullMaximum)}</td>
        <td>${renderNumber({ value: p, text: formatP(p) })}</td>
      </tr>`;
    })}
  </tbody>`;
}

function titleSet(ablation: Ablation, { name, size }: SetAblation): string {
  const which = name === "named" ? "named" : "strongest";
  return `${size} ${which} ${nameUnits(ablation)}`;
}

function drawSets({ name, random, tests }: SetAblation, statistic: AblationStatistic): Html {
  const { observed, nullMean } = tests[statistic];
  const values = random.map((effects) => 100 * (mean(effects[statistic]) ?? NaN));
  const shown = 100 * observed;
  const [least, most] = [Math.min(0, shown, ...values), Math.max(0, shown, ...values)];
  const margin = 0.04 * (most - least) || 1;
  const domain = [least - (least < 0 ? margin : 0), most + margin] as const;
  return drawNullHistogram({
    label: `${name}, ${statisticNames[statistic]}: observed ${formatChange(observed)}, mean of the random sets ${formatChange(nullMean)}`,
    values,
    observed: shown,
    written: formatChange(observed),
    domain,
    bins: BINS,
    formatTick: (value) => `${value} %`.replace("-", "−"),
  });
}
