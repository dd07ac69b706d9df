import { describe, expect, it } from "vitest";
import { axisNull } from "../src/axis/axis-null.ts";
import { consistencyNull } from "../src/crossed/consistency-null.ts";
import { crossedEffects } from "../src/crossed/crossed-effects.ts";
import { objectSlopes } from "../src/crossed/object-slopes.ts";
import { transferNull } from "../src/crossed/transfer-null.ts";
import { signFlipNull } from "../src/flips/sign-flip-null.ts";
import { gramMatrices } from "../src/grams/gram-matrices.ts";
import type { Matrix } from "../src/matrix.ts";
import { noise } from "./noise.ts";
import { plant, type Planting } from "./planted.ts";

const studies = 200;
/** 99.8 % of Binomial(200, 0.05) lie from 2 to 20. */
const FEWEST = 2;
const MOST = 20;
/** With so many, p ≤ 0.05 has a probability of exactly 0.05: the two greatest of 40. */
const LABELLINGS = 39;

async function falseAlarms<Name extends string>(
  names: readonly Name[],
  study: (seed: number) => Promise<Readonly<Record<Name, number>>>,
): Promise<readonly number[]> {
  const alarms = names.map(() => 0);
  for (let seed = 0; seed < studies; seed += 1) {
    const p = await study(seed);
    for (const [at, name] of names.entries()) if (p[name] <= 0.05) alarms[at] = (alarms[at] ?? 0) + 1;
  }
  return alarms;
}

function expectFivePercent(alarms: readonly number[], names: readonly string[]): void {
  for (const [at, count] of alarms.entries()) {
    expect(count, names[at]).toBeGreaterThanOrEqual(FEWEST);
    expect(count, names[at]).toBeLessThanOrEqual(MOST);
  }
}

/** Sets of four channels each. */
const inFours = ({
  shape: [, channels],
}: Matrix): readonly { readonly start: number; readonly stop: number }[] =>
  Array.from({ length: channels / 4 }, (_, set) => ({ start: 4 * set, stop: 4 * (set + 1) }));

const objects = 6;
const grades = [-3, -1, 0, 2, 4];
const levels = grades.length;
const crossed = (seed: number, effect?: Planting["effect"]): Matrix =>
  plant({ objects, levels, channels: 12, seed, ...(effect && { effect }) });

describe("calibration of crossed measurements", () => {
  it("raises a false alarm in five of a hundred null data sets, within the binomial interval, by every p", async () => {
    const names = [
      ...(["slope", "slopesByFlips", "heterogeneity", "object", "level"] as const),
      ...([
        "transfer",
        "transferOfAnySet",
        "common",
        "commonExact",
        "consistency",
        "consistencyOfAnySet",
      ] as const),
    ] as const;
    const alarms = await falseAlarms(names, async (seed) => {
      const { data, shape } = noise(objects * levels, 12, seed + 77);
      const cells = { data, shape }; // no object effect either, for its F
      const effects = crossedEffects(cells, { objects, grades });
      const slopes = objectSlopes(cells, { objects, grades });
      const grams = gramMatrices(crossed(seed), inFours(cells), { objects });
      const design = { objects, grades, permutations: LABELLINGS, seed };
      const transfer = await transferNull(grams, design);
      const common = await transferNull(grams, { ...design, shuffle: "common" });
      const commonExact = await transferNull(grams, { objects, grades, shuffle: "common", exact: true });
      const consistency = await consistencyNull(grams, { objects, permutations: LABELLINGS, seed });
      return {
        slope: effects.slope.p[0] ?? NaN,
        slopesByFlips: (await signFlipNull(slopes, { exact: true, engine: "plain" })).maximum.p,
        heterogeneity: effects.slopeHeterogeneity?.p[0] ?? NaN,
        object: effects.objectEffect.p[0] ?? NaN,
        level: effects.levelEffect.p[0] ?? NaN,
        transfer: transfer.sets[0]?.p ?? NaN,
        transferOfAnySet: transfer.maximum.p,
        common: common.sets[0]?.p ?? NaN,
        commonExact: commonExact.maximum.p,
        consistency: consistency.sets[0]?.p ?? NaN,
        consistencyOfAnySet: consistency.maximum.p,
      };
    });
    expectFivePercent(alarms, names);
  });

  it("tells apart an axis of all objects, an effect on one object, and one that follows the level but not its grade", async () => {
    const wording = [3, -4, 1, 4, -4]; // without slope on the grades
    const judge = async (effect: Planting["effect"]): Promise<Readonly<Record<string, number>>> => {
      const cells = crossed(5, effect);
      const grams = gramMatrices(cells, [{ start: 0, stop: 12 }], { objects });
      const design = { objects, grades, permutations: 999 };
      const common = await transferNull(grams, { objects, grades, shuffle: "common", exact: true });
      return {
        transfer: (await transferNull(grams, design)).maximum.p,
        common: common.maximum.p,
        consistency: (await consistencyNull(grams, { objects, permutations: 999 })).maximum.p,
        heterogeneity: crossedEffects(cells, { objects, grades }).slopeHeterogeneity?.p[0] ?? NaN,
      };
    };
    const grade = (level: number): number => grades[level] ?? NaN;
    const axis = await judge((_, level, channel) => (channel < 3 ? 0.8 * grade(level) : 0));
    const one = await judge((object, level, channel) => (object === 2 && channel < 3 ? 2 * grade(level) : 0));
    const wordings = await judge((_, level, channel) => (channel < 3 ? 0.8 * (wording[level] ?? NaN) : 0));
    const rising = await judge((_, level, channel) =>
      channel < 3 ? 0.8 * ([-1, -4, 4, 3, 3][level] ?? NaN) : 0,
    );
    expect(axis.transfer).toBeLessThan(0.01);
    expect(axis.common).toBeLessThan(0.05);
    expect(axis.consistency).toBeLessThan(0.01);
    expect(axis.heterogeneity).toBeGreaterThan(0.05);
    expect(one.transfer).toBeGreaterThan(0.05);
    expect(one.heterogeneity).toBeLessThan(0.001);
    // a level effect that happens to rise a little transfers; that other orders transfer as well tells it from an axis
    expect(rising.transfer).toBeLessThan(0.01);
    expect(rising.common).toBeGreaterThan(0.1);
    expect(wordings.consistency).toBeLessThan(0.01);
    expect(wordings.transfer).toBeGreaterThan(0.05);
    expect(wordings.common).toBeGreaterThan(0.2);
    expect(wordings.heterogeneity).toBeGreaterThan(0.05);
  });
});

describe("calibration of the axis of pairs", () => {
  it("raises a false alarm in five of a hundred null data sets, within the binomial interval, by every p", async () => {
    const names = [
      "projection",
      "share",
      "halves",
      "projectionOfAnySet",
      "shareOfAnySet",
      "halvesOfAnySet",
    ] as const;
    const alarms = await falseAlarms(names, async (seed) => {
      const differences = noise(12, 12, seed + 5000);
      const { sets, maximum } = await axisNull(gramMatrices(differences, inFours(differences)), {
        flips: LABELLINGS,
        splits: 20,
        seed,
      });
      return {
        projection: sets[0]?.projection.p ?? NaN,
        share: sets[0]?.meanShare.p ?? NaN,
        halves: sets[0]?.splitHalfShare.p ?? NaN,
        projectionOfAnySet: maximum.projection.p,
        shareOfAnySet: maximum.meanShare.p,
        halvesOfAnySet: maximum.splitHalfShare.p,
      };
    });
    expectFivePercent(alarms, names);
  });

  it("finds a direction that all pairs share, and in the set that has it", async () => {
    const differences = noise(12, 12, 8, (channel) => (channel < 4 ? 1 : 0));
    const { sets } = await axisNull(gramMatrices(differences, inFours(differences)), { flips: 999 });
    for (const statistic of ["projection", "meanShare", "splitHalfShare"] as const) {
      expect(sets[0]?.[statistic].familyWiseP).toBeLessThan(0.01);
      expect(sets[1]?.[statistic].p).toBeGreaterThan(0.05);
    }
  });
});
