import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { crossedEffects } from "./crossed-effects.ts";
import { levelOrderNull } from "./level-order-null.ts";

const grades = [-4, -3, -1, 1, 3, 4];
const objects = 8;
const design = { objects, grades };

/** Cells [objects × 6, units] whose levels' means are a profile of each unit's own, plus noise. */
function cellsOf(
  units: number,
  seed: number,
  profileOf: (unit: number, level: number) => number,
  scatter = 0.5,
) {
  const errors = noise(objects * 6, units, seed).data;
  const data = Float64Array.from(errors, (error, place) => {
    const [row, unit] = [Math.floor(place / units), place % units];
    return profileOf(unit, row % 6) + scatter * error;
  });
  return { data, shape: [objects * 6, units] as const };
}
const profiles = (seed: number): ((unit: number, level: number) => number) => {
  const values = noise(6, 400, seed).data;
  return (unit, level) => values[level * 400 + unit] ?? NaN;
};

describe("levelOrderNull", () => {
  it("gives the part of the level effect that is linear, as the shares of crossedEffects have it", async () => {
    const cells = cellsOf(20, 1, profiles(2));
    const { linearPart } = await levelOrderNull(cells, design);
    const { linearShare, levelShare } = crossedEffects(cells, design);
    for (const [unit, part] of linearPart.entries())
      expect(part).toBeCloseTo((linearShare[unit] ?? NaN) / (levelShare[unit] ?? NaN), 10);
  });

  it("has the p of counting all 720 orders by hand", async () => {
    const cells = cellsOf(3, 3, profiles(4));
    const { p, labellings, exact } = await levelOrderNull(cells, design);
    expect({ labellings, exact }).toEqual({ labellings: 720, exact: true });
    const orders = permutations([0, 1, 2, 3, 4, 5]);
    for (let unit = 0; unit < 3; unit += 1) {
      const part = (order: readonly number[]): number => {
        const { linearShare, levelShare } = crossedEffects(
          { data: cells.data.filter((_, place) => place % 3 === unit), shape: [48, 1] },
          { objects, grades: order.map((level) => grades[level] ?? NaN) },
        );
        return (linearShare[0] ?? NaN) / (levelShare[0] ?? NaN);
      };
      const observed = part([0, 1, 2, 3, 4, 5]);
      expect(p[unit]).toBeCloseTo(orders.filter((order) => part(order) >= observed - 1e-9).length / 720, 12);
    }
  });

  it("finds an effect that follows the grade, and not one of as large differences in another order", async () => {
    const axis = await levelOrderNull(
      cellsOf(50, 5, (unit, level) => (unit % 2 === 0 ? 1 : -1) * (grades[level] ?? NaN)),
      design,
    );
    expect(axis.count.observed).toBe(50);
    expect(axis.count.p).toBeLessThan(0.05); // under some orders, nearly the observed one, all are counted, too
    expect(axis.meanPart.p).toBe(2 / 720);
    const wording = await levelOrderNull(
      cellsOf(50, 5, (_, level) => [3, -4, 1, 4, -1, -3][level] ?? NaN),
      design,
    );
    expect(wording.count.observed).toBe(0);
    expect(wording.count.p).toBeGreaterThan(0.05);
    expect(wording.meanPart.p).toBeGreaterThan(0.5);
  });

  it("counts 5 % of units whose levels differ in arbitrary orders, within the binomial interval", async () => {
    const { count } = await levelOrderNull(cellsOf(400, 6, profiles(7), 0.1), design);
    expect(Math.abs(count.observed - 20)).toBeLessThan(4 * Math.sqrt(400 * 0.05 * 0.95));
    expect(count.null.mean).toBeGreaterThan(15);
    expect(count.null.mean).toBeLessThanOrEqual(20);
  });

  it("is the same for a reversed grade, in any order of the objects, and at any offset", async () => {
    const cells = cellsOf(10, 8, profiles(9));
    const { p: expected } = await levelOrderNull(cells, design);
    const reversed = await levelOrderNull(cells, { objects, grades: grades.map((grade) => -grade) });
    expect(reversed.p).toEqual(expected);
    const swapped = Float64Array.from(
      cells.data,
      (_, place) => (cells.data[(place + 6 * 10 * 3) % 480] ?? NaN) + 64,
    );
    const other = await levelOrderNull({ data: swapped, shape: cells.shape }, design);
    for (const [unit, p] of other.p.entries()) expect(p).toBeCloseTo(expected[unit] ?? NaN, 12);
  });

  it("takes random orders of more than seven levels", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), async (seed) => {
        const data = noise(18, 5, seed).data;
        const options = { objects: 2, grades: [1, 2, 3, 4, 5, 6, 7, 8, 9], permutations: 99, seed };
        const { labellings, exact, p } = await levelOrderNull({ data, shape: [18, 5] }, options);
        expect({ labellings, exact }).toEqual({ labellings: 99, exact: false });
        expect(Math.min(...p)).toBeGreaterThanOrEqual(1 / 100);
      }),
      { numRuns: 10 },
    );
  });

  it("gives p = 1 to units whose levels do not differ, and refuses two levels", async () => {
    const flat = { data: new Float64Array(48).fill(3), shape: [48, 1] as const };
    const { p, linearPart, count } = await levelOrderNull(flat, design);
    expect([p[0], linearPart[0], count.observed, count.p]).toEqual([1, 0, 0, 1]);
    await expect(
      levelOrderNull({ data: new Float64Array(4), shape: [4, 1] }, { objects: 2, grades: [0, 1] }),
    ).rejects.toThrow(/three levels or more/);
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}
