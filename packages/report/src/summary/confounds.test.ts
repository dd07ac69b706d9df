import { listConfounds } from "@measure-plantain/prompts";
import { describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "../statistics/analyze-captures.ts";
import { respondByPair, summarizeConfounds } from "./confounds.ts";
import { summarize } from "./summarize.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const context = syntheticContext(12);

async function analyze(scale: (pair: number) => number = () => 1): Promise<Analysis> {
  const captures = syntheticCaptures(layout, { pairs: 12 });
  const { meanSquare } = captures;
  const { unitCount } = layout;
  // Condition b of a pair is its condition a, stronger by the scale, and a little noise of the unit's own.
  const data = meanSquare.data.map((value, place) => {
    const pair = Math.floor(place / (2 * unitCount));
    const isB = Math.floor(place / unitCount) % 2 === 1;
    return isB
      ? (meanSquare.data[place - unitCount] ?? 0) * (1 + 0.1 * scale(pair)) * (value > 0.2 ? 1.01 : 1)
      : value;
  });
  return analyzeCaptures({ layout, meanSquare: { ...meanSquare, data } }, { flips: 10 });
}

describe("respondByPair", () => {
  test("is the mean of signed differences in standard deviations, the sign from the other pairs", () => {
    // two units that vary and one that does not; the first pair alone goes against the second unit's direction
    const data = Float64Array.of(1, -2, 5, 3, 2, 5, 2, 4, 5);
    const statistics = {
      mean: Float64Array.of(2, 4 / 3, 5),
      standardDeviation: Float64Array.of(1, 3, 0),
      degenerateUnits: [2],
    };
    const group = { differences: { data, shape: [3, 3] as const }, pairedT: statistics };
    expect(Array.from(respondByPair(group as never))).toEqual([
      (1 / 1 + -2 / 3) / 2,
      (3 / 1 + 2 / 3) / 2,
      // of the others, −2 and 2: no direction, so the unit says nothing
      (2 / 1 + 0) / 2,
    ]);
  });

  test("does not change where a unit answers with the other sign, or is measured in another unit", async () => {
    const { granularities } = await analyzeCaptures(syntheticCaptures(layout, { pairs: 7 }), { flips: 5 });
    const [group] = granularities;
    if (group === undefined) throw new Error("no group");
    const factor = (unit: number): number => (unit % 2 === 0 ? -1000 : 0.5);
    const changed = {
      differences: {
        ...group.differences,
        data: Float64Array.from(
          group.differences.data,
          (value, place) => value * factor(place % layout.unitCount),
        ),
      },
      pairedT: {
        ...group.pairedT,
        mean: group.pairedT.mean.map((value, unit) => value * factor(unit)),
        standardDeviation: group.pairedT.standardDeviation.map(
          (value, unit) => value * Math.abs(factor(unit)),
        ),
      },
    };
    const [before, after] = [respondByPair(group), respondByPair(changed)];
    for (const [pair, response] of before.entries()) expect(after[pair]).toBeCloseTo(response, 10);
  });
});

describe("summarizeConfounds", () => {
  test("correlates each confound that varies, by value and by rank, and names those that do not", async () => {
    const analysis = await analyze((pair) => pair % 4);
    const { responses, correlations, constant } = summarizeConfounds(analysis, context.audit) ?? fail();
    const listed = listConfounds(context.audit);
    expect(constant).toEqual(listed.constant);
    expect(correlations.map(({ confound }) => confound)).toEqual(
      listed.varying.map(({ confound }) => confound),
    );
    for (const [place, { values }] of listed.varying.entries()) {
      expect(correlations[place]?.pearson).toBeCloseTo(pearson(values, responses), 12);
      expect(correlations[place]?.spearman).toBeCloseTo(pearson(ranks(values), ranks(responses)), 12);
    }
  });

  test("finds the confound that the answers were made from, and the summary says so", async () => {
    const analysis = await analyze((pair) => context.audit.pairs[pair]?.editDistance ?? 0);
    const summary = summarize(analysis, context);
    const found = summary.confounds?.correlations.find(({ confound }) => confound === "editDistance");
    expect(found?.spearman).toBeGreaterThan(0.9);
    expect(found?.familyWiseP).toBeLessThan(0.001);
    expect(summary.conclusions.mayNot.join(" ")).toMatch(
      /How strongly a pair answers goes with .*: a part of the effect/,
    );
  });

  test("names the closest confound where none is followed", async () => {
    const summary = summarize(await analyze((pair) => Math.sin(5 * pair)), context);
    for (const { p, familyWiseP } of summary.confounds?.correlations ?? [])
      expect(familyWiseP).toBeGreaterThanOrEqual(p);
    expect(summary.conclusions.may.join(" ")).toMatch(/follows none of the audited confounds; closest comes/);
  });

  test("says nothing where nothing varies or there are too few pairs", async () => {
    const { meanSquare } = syntheticCaptures(layout, { pairs: 12 });
    const still = { layout, meanSquare: { ...meanSquare, data: meanSquare.data.map(() => 1) } };
    expect(summarizeConfounds(await analyzeCaptures(still), context.audit)).toBeNull();
    const few = await analyzeCaptures(syntheticCaptures(layout, { pairs: 3 }), { flips: 4 });
    expect(summarizeConfounds(few, syntheticContext(3).audit)).toBeNull();
  });
});

/** By definition: the mean of the products of standard scores. */
function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [first, second] = [standardScores(x), standardScores(y)];
  return first.reduce((sum, value, place) => sum + value * (second[place] ?? NaN), 0) / first.length;
}

function standardScores(values: ArrayLike<number>): number[] {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length;
  return list.map((value) => (value - mean) / Math.sqrt(variance));
}

/** By definition: how many are less, and half of those that are equal. */
function ranks(values: ArrayLike<number>): number[] {
  const list = Array.from(values);
  return list.map((value) =>
    list.reduce((sum, other) => sum + (other < value ? 1 : other === value ? 0.5 : 0), 0),
  );
}

function fail(): never {
  throw new Error("expected a summary of the confounds");
}
