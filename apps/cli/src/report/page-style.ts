/** The page's style sheet: a light and a dark scheme, print, and widths down to a phone's. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #fdfcfa; --ink: #1c1d20; --soft: #5d6067; --line: #e0ddd6; --wash: #f4f2ed; --null: #b9b6ae;
  --accent: #1f5fa6; --accent-wash: #e6eef7; --warm: #b4591a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ink: #e6e4df; --soft: #9c9fa6; --line: #2e3136; --wash: #1c1f23; --null: #5a5d63;
    --accent: #7fb2ec; --accent-wash: #1a2836; --warm: #e79a5c;
  }
}
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
.prompts tbody th { color: var(--soft); overflow-wrap: anywhere; max-width: 11rem; }
.prompts small { display: block; color: var(--soft); max-width: 20rem; }
.verdict[data-verdict="change"] { color: var(--warm); }
code, pre { font: 0.86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { background: var(--wash); padding: 0.9rem 1.1rem; margin: 0.5rem 0; overflow-x: auto; }
pre code { font-size: inherit; }
details { margin: 0.8rem 0; }
summary { cursor: pointer; padding: 0.25rem 0; }
summary::first-letter { text-transform: uppercase; }
summary::marker { color: var(--accent); }
figure { margin: 1rem 0; }
figcaption { color: var(--soft); font-size: 0.86rem; margin-top: 0.4rem; max-width: 44rem; }
.reference img { display: block; max-width: min(100%, 20rem); height: auto; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 40rem) {
  main { padding: 2rem 1rem 3rem; }
  section { margin-top: 2.6rem; }
  th, td { padding-inline: 0.45rem; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #ccc; --wash: #f2f2f2; --null: #b5b5b5; --accent: #1f5fa6; --accent-wash: #eef3f9; --warm: #8a4210; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  section { margin-top: 1.6rem; }
  tr, figure { break-inside: avoid; }
  .scroll, pre { overflow: visible; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
`;
