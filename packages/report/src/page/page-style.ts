import { dark, declareColours, light, print } from "./colour-schemes.ts";

/** The page's style sheet: a light and a dark scheme, print, and widths down to a phone's. */
export const pageStyle: string = `
:root { color-scheme: light dark; ${declareColours(light)} ${declareColours(print, "print-")} }
@media (prefers-color-scheme: dark) { :root { ${declareColours(dark)} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
main { max-width: 64rem; margin: 0 auto; padding: 3.5rem 1.5rem 5rem; }
section { margin-top: 3.5rem; }
h1, h2 { font-weight: 600; letter-spacing: -0.012em; line-height: 1.2; text-wrap: balance; }
h1 { font-size: clamp(1.6rem, 1.1rem + 2.2vw, 2.4rem); margin: 0.3rem 0 0.8rem; }
h2 { font-size: 1.3rem; margin: 0 0 0.7rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 1.8rem 0 0.5rem; }
p { margin: 0.6rem 0; max-width: 44rem; text-wrap: pretty; }
ul { margin: 0.4rem 0; padding-inline-start: 1.1rem; }
li { margin: 0.45rem 0; text-wrap: pretty; }
li::marker { color: var(--soft); }
.eyebrow { color: var(--accent); font-size: 0.82rem; font-weight: 600; letter-spacing: 0.04em; margin: 0; }
.lead { font-size: 1.1rem; color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: 0.9rem 2.2rem; margin: 1.6rem 0 0; }
.facts div { min-width: 0; }
.facts dt { font-size: 0.78rem; color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.notice { margin-top: 1.6rem; padding: 0.7rem 1rem; max-width: none; background: var(--accent-wash); border-inline-start: 3px solid var(--accent); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.5rem 3rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; font-variant-numeric: tabular-nums lining-nums; }
th, td { padding: 0.34rem 0.7rem; text-align: start; vertical-align: baseline; font-weight: inherit; }
th:first-child, td:first-child { padding-inline-start: 0; }
th:last-child, td:last-child { padding-inline-end: 0; }
thead th { color: var(--soft); font-size: 0.82rem; border-bottom: 1px solid var(--ink); vertical-align: bottom; }
tbody tr { border-bottom: 1px solid var(--line); }
.numbers td, .numbers thead th:not(:first-child) { text-align: end; white-space: nowrap; }
.numbers .text { text-align: start !important; }
.numbers tr.group th { padding-top: 1.1rem; font-weight: 600; }
.numbers tbody th { white-space: nowrap; }
td.observed { color: var(--accent); font-weight: 600; }
td.note { white-space: normal !important; text-align: start !important; color: var(--soft); font-size: 0.85rem; }
.bars { width: 34%; min-width: 7rem; text-align: start !important; }
.bar { position: relative; height: 0.72rem; background: var(--wash); }
.bar .fill { position: absolute; inset: 0 auto 0 0; background: var(--accent); }
.bar .mark { position: absolute; top: -0.18rem; bottom: -0.18rem; width: 2px; margin-left: -1px; background: var(--ink); }
td.number, th.number { text-align: end; white-space: nowrap; }
.prompts td, .prompts th { padding-block: 0.5rem; }
.prompts td:nth-child(2), .prompts td:nth-child(3) { min-width: 13rem; }
.prompts tbody th { color: var(--soft); overflow-wrap: break-word; min-width: 5.5rem; max-width: 11rem; }
.prompts tr:has(+ .changes) { border-bottom: 0; }
.prompts .changes td { padding-top: 0; color: var(--soft); font-size: 0.85rem; }
.label { display: none; }
.verdict[data-verdict="change"] { color: var(--warm); }
code, pre { font: 0.86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { background: var(--wash); padding: 0.9rem 1.1rem; margin: 0.5rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre code { font-size: inherit; }
details { margin: 0.8rem 0; }
summary { cursor: pointer; padding: 0.25rem 0; }
summary::first-letter { text-transform: uppercase; }
summary::marker { color: var(--accent); }
figure { margin: 1rem 0; }
figcaption { color: var(--soft); font-size: 0.86rem; margin-top: 0.4rem; max-width: 44rem; }
figure svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
.wide svg { width: 100%; max-width: 48rem; }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 0.4rem 2rem; }
.multiples figure { margin: 0.3rem 0 0.8rem; }
.halves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 1rem 3rem; }
.halves h3 { margin-top: 0.6rem; }
.halves svg { width: 100%; max-width: 26rem; }
.dots { fill: none; stroke: var(--null); stroke-width: 2.4; stroke-linecap: round; stroke-opacity: 0.75; }
.dots.strong { stroke: var(--accent); stroke-opacity: 0.8; }
.marker { fill: none; stroke: var(--ink); stroke-width: 1.5; pointer-events: none; }
svg[data-points] { touch-action: pan-y; }
.heat-map { margin-inline: 0; }
.controls { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.6rem 1.2rem; align-items: center; margin-bottom: 0.9rem; font-size: 0.86rem; }
.controls [role="group"] { display: flex; }
.controls button {
  font: inherit; color: var(--soft); background: none; border: 1px solid var(--line); padding: 0.28rem 0.75rem;
  margin-inline-start: -1px; cursor: pointer; min-height: 2rem;
}
.controls button:hover { color: var(--ink); background: var(--wash); }
.controls button[aria-pressed="true"] { color: var(--ink); background: var(--accent-wash); border-color: var(--accent); position: relative; }
.scale { display: flex; align-items: center; gap: 0.6rem; justify-content: flex-end; margin-top: 0.8rem; color: var(--soft); font-size: 0.8rem; }
.scale i { width: 7rem; height: 0.7rem; background: linear-gradient(to right, var(--map-n2), var(--map-n1), var(--map-0), var(--map-p1), var(--map-p2)); }
.map { position: relative; }
.map canvas { display: block; width: 100%; height: 22rem; touch-action: pan-y; cursor: crosshair; }
.cursor { position: absolute; outline: 2px solid var(--ink); outline-offset: 1px; pointer-events: none; }
#unit-pointer {
  position: fixed; inset: 0 auto auto 0; z-index: 2; pointer-events: none; padding: 0.55rem 0.75rem; min-width: 11rem;
  background: var(--paper); color: var(--ink); border: 1px solid var(--ink); font-size: 0.82rem; line-height: 1.45;
  font-variant-numeric: tabular-nums;
}
#unit-pointer strong { display: block; font: 600 0.95em/1.6 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
#unit-pointer div { display: flex; justify-content: space-between; gap: 1.5rem; }
#unit-pointer bdi { color: var(--soft); }
[hidden] { display: none !important; }
.sheet { width: auto; }
.sheet td { color: var(--soft); font-size: 0.86rem; vertical-align: top; }
.sheet th[scope="row"] { vertical-align: top; }
.sheet img { display: block; width: clamp(5rem, 26vw, 10rem); max-width: none; height: auto; margin-bottom: 0.2rem; }
.reference img { display: block; max-width: min(100%, 20rem); height: auto; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 40rem) {
  main { padding: 2rem 1rem 3rem; }
  section { margin-top: 2.6rem; }
  th, td { padding-inline: 0.45rem; }
  .wide { display: none; }
  .narrow { display: block; }
  .narrow svg { width: 100%; }
  table { font-size: 0.84rem; }
  .numbers tbody th, .numbers thead th:not(:first-child) { white-space: normal; }
  .numbers :is(th, td) { padding-inline: 0.3rem; }
  .numbers :is(th, td):first-child { padding-inline-start: 0; }
  .numbers .minor { display: none; }
  .bars { min-width: 4.5rem; }
  .scale { justify-content: center; font-size: 0.72rem; }
  .scale i { width: 5rem; }
  .controls button { padding-inline: 0.6rem; }
  .prompts thead { display: none; }
  .prompts .label { display: inline; color: var(--soft); }
  .prompts tr { display: block; padding-block: 0.7rem; }
  .prompts tr.changes { padding-top: 0; }
  .prompts :is(th, td), .prompts td:nth-child(2), .prompts td:nth-child(3) { display: block; padding: 0.1rem 0; min-width: 0; max-width: none; text-align: start; }
}
@media print {
  :root { color-scheme: light; ${declareColours(print)} }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .controls [role="group"], #unit-pointer, .cursor, .screen { display: none; }
  html { font-size: 9.5pt; }
  body { line-height: 1.4; }
  main { max-width: none; padding: 0; }
  section { margin-top: 1.6rem; }
  h1, h2, h3, summary, thead { break-after: avoid; }
  h3 { margin-top: 1.1rem; }
  h2 + p, h3 + p, p:has(+ :is(figure, details, .scroll, table)) { break-after: avoid; }
  p, li, tr, tbody, figure, .scroll, .multiples, img { break-inside: avoid; }
  table { font-size: 8.5pt; }
  th, td { padding-block: 0.16rem; }
  .prompts td, .prompts th { padding-block: 0.25rem; }
  .scroll { overflow: visible; }
  .map canvas { height: auto !important; }
  .wide svg { max-width: 40rem; }
  .multiples { grid-template-columns: repeat(3, 1fr); gap: 0.2rem 1.2rem; }
  .halves { grid-template-columns: 1fr 1fr; }
  #strongest details::details-content { content-visibility: visible; block-size: auto; display: block; }
  pre { white-space: pre-wrap; }
}
`;
