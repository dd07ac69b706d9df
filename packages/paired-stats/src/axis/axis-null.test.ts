import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { expectClose, matrixOf } from "../../test/parity.ts";
import { randomLabellings } from "../flips/labellings.ts";
import { gramMatrices } from "../grams/gram-matrices.ts";
import type { GramMatrices } from "../grams/grams.ts";
import type { Matrix } from "../matrix.ts";
import { median } from "../quantile.ts";
import { chooseHalvings } from "../reliability/halves.ts";
import { axisNull } from "./axis-null.ts";

const pairs = 9;
const channels = 7;
const differences = noise(pairs, channels, 6, (channel) => (channel < 2 ? 0.6 : 0));
const gramsOf = (matrix: Matrix): GramMatrices => gramMatrices(matrix, [{ start: 0, stop: matrix.shape[1] }]);
const grams = gramsOf(differences);

type Vector = readonly number[];
const dot = (x: Vector, y: Vector): number => x.reduce((sum, value, at) => sum + value * (y[at] ?? NaN), 0);
const cosine = (x: Vector, y: Vector): number => dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
const meanOf = (rows: readonly Vector[]): Vector =>
  (rows[0] ?? []).map(
    (_, channel) => rows.reduce((sum, row) => sum + (row[channel] ?? NaN), 0) / rows.length,
  );
const rowsOf = ({ data, shape: [count, width] }: Matrix, flips: (pair: number) => boolean): Vector[] =>
  Array.from({ length: count }, (_, pair) =>
    [...data.subarray(pair * width, (pair + 1) * width)].map((value) => (flips(pair) ? -value : value)),
  );
const others = (rows: readonly Vector[], pair: number): Vector =>
  meanOf(rows.filter((_, other) => other !== pair));

/** The three statistics from the channels themselves. */
function statistics(
  rows: readonly Vector[],
  splits: number,
  seed: number,
): readonly [number, number, number, number] {
  const mean = meanOf(rows);
  const cosines = rows.map((row, pair) => cosine(row, others(rows, pair)));
  const meanSquare = rows.reduce((sum, row) => sum + dot(row, row), 0) / rows.length;
  const halves = chooseHalvings(rows.length, { splits, seed }).map(({ first, second }) =>
    [first, second].map((chosen) => meanOf(chosen.map((pair) => rows[pair] ?? []))),
  );
  return [
    cosines.reduce((sum, value) => sum + value / rows.length, 0),
    dot(mean, mean) / meanSquare,
    median(halves.map(([one = [], other = []]) => dot(one, other) / meanSquare)),
    median(halves.map(([one = [], other = []]) => cosine(one, other))),
  ];
}

describe("axisNull", () => {
  it("gives what means, projections and halves give channel by channel, under every labelling", async () => {
    const { sets, labellings, splits } = await axisNull(grams, { flips: 25, seed: 4, splits: 11 });
    expect([labellings, splits]).toEqual([25, 11]);
    const { flips } = randomLabellings(25, pairs, 4);
    const [set] = sets;
    const tested = [set?.projection, set?.meanShare, set?.splitHalfShare];
    const observed = rowsOf(differences, () => false);
    const expected = statistics(observed, 11, 4);
    for (const [at, each] of tested.entries()) expect(each?.observed).toBeCloseTo(expected[at] ?? NaN, 12);
    expect(set?.splitHalfCosine).toBeCloseTo(expected[3], 12);
    for (let labelling = 0; labelling < 25; labelling += 1) {
      const values = statistics(
        rowsOf(differences, (pair) => flips(labelling, pair)),
        11,
        4,
      );
      for (const [at, each] of tested.entries())
        expect(each?.null.values[labelling]).toBeCloseTo(values[at] ?? NaN, 12);
    }
    expectClose(
      set?.projections ?? [],
      observed.map((row, pair) => dot(row, others(observed, pair)) / Math.hypot(...others(observed, pair))),
    );
  });

  it("gives the first component of two channels as the closed form of their 2 × 2 matrix does", async () => {
    const plane = noise(8, 2, 3, (channel) => channel);
    const { sets } = await axisNull(gramsOf(plane), { flips: 1 });
    const rows = rowsOf(plane, () => false);
    const [xx, yy, xy] = [
      dot(
        rows.map(([x = NaN]) => x),
        rows.map(([x = NaN]) => x),
      ),
      dot(
        rows.map(([, y = NaN]) => y),
        rows.map(([, y = NaN]) => y),
      ),
      dot(
        rows.map(([x = NaN]) => x),
        rows.map(([, y = NaN]) => y),
      ),
    ];
    const largest = (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
    expect(sets[0]?.firstComponent.share).toBeCloseTo(largest / (xx + yy), 12);
    expect(sets[0]?.firstComponent.cosine).toBeCloseTo(
      Math.abs(cosine([xy, largest - xx], meanOf(rows))),
      12,
    );
  });

  it("has a first component whose share no flip of whole pairs changes, and that the mean's share never passes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.boolean(), { minLength: pairs, maxLength: pairs }),
        async (seed, flips) => {
          const matrix = noise(pairs, channels, seed);
          const flipped = {
            ...matrix,
            data: matrix.data.map((value, at) => (flips[Math.floor(at / channels)] ? -value : value)),
          };
          const [before, after] = await Promise.all(
            [matrix, flipped].map((each) => axisNull(gramsOf(each), { flips: 5 })),
          );
          const share = before?.sets[0]?.firstComponent.share ?? NaN;
          expect(after?.sets[0]?.firstComponent.share).toBeCloseTo(share, 12);
          for (const value of before?.sets[0]?.meanShare.null.values ?? [NaN])
            expect(value).toBeLessThanOrEqual(share + 1e-12);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("is 1 for differences along one direction, with the least p that all flips can give", async () => {
    const along = matrixOf([1, 2, 0.5, 3, 1].map((size) => [size, -2 * size, 0]));
    const { sets, maximum, exact, labellings } = await axisNull(gramsOf(along), { exact: true });
    expect([exact, labellings]).toEqual([true, 16]);
    const [set] = sets;
    expect(set?.projection.observed).toBeCloseTo(1, 12);
    expect(set?.splitHalfCosine).toBeCloseTo(1, 12);
    expect(set?.splitHalfShare.p).toBe(1 / 16);
    expect(set?.firstComponent.share).toBeCloseTo(1, 12);
    expect(set?.firstComponent.cosine).toBeCloseTo(1, 12);
    expect([set?.projection.p, set?.projection.familyWiseP, maximum.meanShare.p]).toEqual([
      1 / 16,
      1 / 16,
      1 / 16,
    ]);
    expectClose(
      set?.projections ?? [],
      [1, 2, 0.5, 3, 1].map((size) => size * Math.sqrt(5)),
    );
  });

  it("gives equal differences the least p by their halves, whose cosines are ±1 under every flip", async () => {
    const equal = matrixOf(Array.from({ length: 12 }, () => [1, 2]));
    const { sets } = await axisNull(gramsOf(equal), { flips: 199 });
    expect(sets[0]?.splitHalfShare.p).toBe(1 / 200);
    expect(sets[0]?.splitHalfShare.null.p99).toBeLessThan(0.8);
    expect(sets[0]?.splitHalfShare.observed).toBeCloseTo(1, 12);
    expect(sets[0]?.splitHalfCosine).toBeCloseTo(1, 12);
  });

  it("gives every set the p of its own null and the p of the greatest of all sets", async () => {
    const ranges = [0, 2, 4].map((start) => ({ start, stop: start + 2 }));
    const { sets, maximum } = await axisNull(gramMatrices(differences, ranges), { flips: 99 });
    const shares = sets.map(({ meanShare }) => meanShare);
    const maxima = Array.from({ length: 99 }, (_, at) =>
      Math.max(...shares.map((each) => each.null.values[at] ?? NaN)),
    );
    expect([...maximum.meanShare.null.values]).toEqual(maxima);
    for (const {
      observed,
      p,
      familyWiseP,
      null: { values },
    } of shares) {
      expect(p).toBe(([...values].filter((value) => value >= observed - 1e-10).length + 1) / 100);
      expect(familyWiseP).toBe((maxima.filter((value) => value >= observed - 1e-10).length + 1) / 100);
    }
  });

  it("names sets without differences, counts pairs without one as 0, and never gives NaN", async () => {
    const rows = [0, 1, 2, 3, 4].map((pair) => [0, pair === 0 ? 0 : pair % 2, pair < 2 ? 0 : (-1) ** pair]);
    const ranges = [0, 1, 2].map((start) => ({ start, stop: start + 1 }));
    const { degenerateSets, sets } = await axisNull(gramMatrices(matrixOf(rows), ranges), { exact: true });
    expect(degenerateSets).toEqual([0]);
    expect([sets[0]?.projection.p, sets[0]?.meanShare.familyWiseP, sets[0]?.firstComponent.share]).toEqual([
      1, 1, 0,
    ]);
    expect(sets[1]?.projections[0]).toBe(0);
    const numbers = sets.flatMap(
      ({ projection, meanShare, splitHalfShare, splitHalfCosine, projections, firstComponent }) => [
        splitHalfCosine,
        ...[projection, meanShare, splitHalfShare].flatMap((each) => [
          each.observed,
          each.p,
          ...each.null.values,
        ]),
        ...projections,
        firstComponent.share,
        firstComponent.cosine,
      ],
    );
    expect(numbers.every(Number.isFinite)).toBe(true);
    await expect(axisNull(gramsOf(matrixOf([[0], [0], [0], [0]])))).rejects.toMatchObject({
      code: "degenerate",
    });
  });

  it("does not depend on the order of pairs where all flips are taken, nor on the unit of measurement", async () => {
    const halves = [[0, 1, 2, 3]];
    const { sets } = await axisNull(grams, { exact: true, halves });
    const order = [3, 1, 0, 2, 8, 7, 4, 5, 6];
    const rows = order.map((pair) => [...differences.data.subarray(pair * channels, (pair + 1) * channels)]);
    const reordered = await axisNull(
      gramsOf(matrixOf(rows.map((row) => row.map((value) => value * 1e-30)))),
      {
        exact: true,
        halves,
      },
    );
    const same = reordered.sets[0];
    expect(same?.projection.p).toBe(sets[0]?.projection.p);
    expect(same?.meanShare.p).toBe(sets[0]?.meanShare.p);
    expect(same?.splitHalfShare.p).toBe(sets[0]?.splitHalfShare.p);
    expect(same?.splitHalfCosine).toBeCloseTo(sets[0]?.splitHalfCosine ?? NaN, 12);
    expect(same?.projection.observed).toBeCloseTo(sets[0]?.projection.observed ?? NaN, 12);
    expect(same?.firstComponent.share).toBeCloseTo(sets[0]?.firstComponent.share ?? NaN, 12);
  });

  it("changes nothing that it is given", async () => {
    const before = grams.data.slice();
    await axisNull(grams, { flips: 3 });
    expect(grams.data).toEqual(before);
  });

  it.each([
    ["three pairs, whose halves are too small", gramsOf(noise(3, 2, 1)), {}, "too-few-pairs"],
    ["no flips", grams, { flips: 0 }, "invalid-argument"],
    ["no halvings", grams, { splits: 0 }, "invalid-argument"],
    [
      "flips and exact at once",
      grams,
      { exact: true, signs: { data: new Int8Array(pairs).fill(1), shape: [1, pairs] } },
      "invalid-argument",
    ],
    ["all flips of 28 pairs", gramsOf(noise(28, 1, 1)), { exact: true }, "too-many-labellings"],
    [
      "more values of the null than fit into memory",
      gramsOf(noise(27, 1, 1)),
      { exact: true },
      "too-many-labellings",
    ],
  ] as const)("refuses %s", async (_, given, options, code) => {
    await expect(axisNull(given, options)).rejects.toMatchObject({ code });
  });

  it("ends with the reason of the abort", async () => {
    const reason = new Error("enough");
    await expect(axisNull(grams, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
