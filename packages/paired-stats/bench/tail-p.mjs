// How well tailP is calibrated: draws of a null whose law is known, and a statistic whose p is known. `pnpm bench:tail`
// after a build (about a minute); the README has the table.
import { studentCriticalValue, tailP } from "../dist/index.js";

const draws = Number(process.argv[2] ?? 400);
const flips = 1000;

/** The greatest |t| of 1,000 independent units with 24 degrees of freedom; `above` is P(max > value). */
const greatestT = {
  name: "max |t| of 1,000 units",
  // P(max > c) = 1 − (1 − p₁)^1000 with p₁ the two-sided p of one unit
  quantile: (above) => studentCriticalValue(-Math.expm1(Math.log1p(-above) / 1000), 24),
};
const exponential = { name: "exponential", quantile: (above) => -Math.log(above) };
const bounded = { name: "bounded (Beta(1, 4))", quantile: (above) => 1 - above ** (1 / 4) };
const heavy = { name: "heavy (Pareto, shape 0.2)", quantile: (above) => (above ** -0.2 - 1) / 0.2 };

/** Uniform numbers from a seed (mulberry32). */
function uniforms(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

console.log(
  "| null, 1,000 flips | true p | interval covers | upper end below p | p below p / 10 | refused |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
for (const { name, quantile } of [greatestT, exponential, bounded, heavy])
  for (const trueP of [1e-2, 1e-3, 3e-4, 1e-4, 1e-5]) {
    const observed = quantile(trueP);
    let [covered, under, far, refused] = [0, 0, 0, 0];
    for (let draw = 0; draw < draws; draw += 1) {
      const uniform = uniforms(1 + draw * 7919);
      const values = Float64Array.from({ length: flips }, () => quantile(uniform()));
      try {
        const { p, interval } = tailP(observed, values, { seed: draw });
        if (interval.lower <= trueP && trueP <= interval.upper) covered += 1;
        if (interval.upper < trueP) under += 1;
        if (p < trueP / 10) far += 1;
      } catch (error) {
        if (error.code !== "no-fit") throw error;
        refused += 1;
      }
    }
    const given = draws - refused;
    const percent = (count, of) => (of === 0 ? "–" : `${((100 * count) / of).toFixed(1)} %`);
    console.log(
      `| ${name} | ${trueP} | ${percent(covered, given)} | ${percent(under, given)} | ${percent(far, given)} | ${percent(refused, draws)} |`,
    );
  }
