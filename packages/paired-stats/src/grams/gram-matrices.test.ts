import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { expectClose, matrixOf } from "../../test/parity.ts";
import type { Matrix } from "../matrix.ts";
import { addGrams } from "./add-grams.ts";
import { centreGrams } from "./centre-grams.ts";
import { gramMatrices, type ChannelRange } from "./gram-matrices.ts";

/** Channel by channel, as it is written in a textbook. */
function plainGram({ data, shape: [rows, channels] }: Matrix, { start, stop }: ChannelRange): number[] {
  return Array.from({ length: rows * rows }, (_, at) => {
    let sum = 0;
    for (let channel = start; channel < stop; channel += 1)
      sum +=
        (data[Math.floor(at / rows) * channels + channel] ?? NaN) *
        (data[(at % rows) * channels + channel] ?? NaN);
    return sum;
  });
}

/** Takes the mean of every object out of every channel. */
function centredMatrix({ data, shape: [rows, channels] }: Matrix, objects: number): Matrix {
  const levels = rows / objects;
  const mean = (row: number, channel: number): number => {
    const first = Math.floor(row / levels) * levels;
    return Array.from(
      { length: levels },
      (_, level) => data[(first + level) * channels + channel] ?? NaN,
    ).reduce((sum, value) => sum + value / levels, 0);
  };
  return {
    data: Float64Array.from(data, (value, at) => value - mean(Math.floor(at / channels), at % channels)),
    shape: [rows, channels],
  };
}

describe("gramMatrices", () => {
  it.each([
    [7, 1300],
    [6, 512],
    [2, 1],
  ])("of %d rows and %d channels is the sum of products over each range", (rows, channels) => {
    const measurements = noise(rows, channels, 3);
    const sets = [
      { start: 0, stop: channels },
      { start: channels >> 1, stop: channels },
      { start: channels - 1, stop: channels },
    ];
    const { data, shape } = gramMatrices(measurements, sets);
    expect(shape).toEqual([3, rows, rows]);
    expectClose(
      data,
      sets.flatMap((range) => plainGram(measurements, range)),
      1e-9,
    );
  });

  it("centres the rows of each object by its option, and centreGrams does so without the channels", () => {
    const measurements = noise(6, 40, 8, (unit) => unit);
    const everything = [{ start: 0, stop: 40 }];
    const expected = plainGram(centredMatrix(measurements, 2), { start: 0, stop: 40 });
    expectClose(gramMatrices(measurements, everything, { objects: 2 }).data, expected, 1e-9);
    expectClose(centreGrams(gramMatrices(measurements, everything), { objects: 2 }).data, expected, 1e-6);
  });

  it("of rows that are equal within each object is exactly 0 when centred", () => {
    const equal = { data: Float32Array.of(0.1, 0.1, 0.1, 7, 7, 7), shape: [6, 1] } as const;
    expect(
      gramMatrices(equal, [{ start: 0, stop: 1 }], { objects: 2 }).data.every((value) => value === 0),
    ).toBe(true);
  });

  it("leaves what it is given as it was", () => {
    const measurements = noise(4, 3, 1);
    const before = measurements.data.slice();
    const grams = gramMatrices(measurements, [{ start: 0, stop: 3 }], { objects: 2 });
    const gramBefore = grams.data.slice();
    centreGrams(grams, { objects: 2 });
    addGrams(grams, [[0]]);
    expect(measurements.data).toEqual(before);
    expect(grams.data).toEqual(gramBefore);
  });

  it.each([
    ["no set", [], "invalid-argument"],
    ["an empty range", [{ start: 2, stop: 2 }], "invalid-argument"],
    ["a range beyond the channels", [{ start: 0, stop: 4 }], "invalid-argument"],
    ["a range that is not whole", [{ start: 0.5, stop: 2 }], "invalid-argument"],
  ])("refuses %s", (_, sets, code) => {
    expect(() => gramMatrices(noise(4, 3, 1), sets)).toThrow(expect.objectContaining({ code }));
  });

  it("refuses values too large to be squared, and rows that objects do not share equally", () => {
    const everything = [{ start: 0, stop: 1 }];
    expect(() => gramMatrices(matrixOf([[1e200], [1]]), everything)).toThrow(
      expect.objectContaining({ code: "out-of-range" }),
    );
    expect(() => gramMatrices(matrixOf([[1], [1]]), everything, { objects: 3 })).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
  });
});

describe("addGrams", () => {
  it("of disjoint ranges is the Gram matrix of their union", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 0, max: 99 }), (cut, seed) => {
        const measurements = noise(5, 20, seed);
        const halves = gramMatrices(measurements, [
          { start: 0, stop: cut },
          { start: cut, stop: 20 },
        ]);
        const whole = gramMatrices(measurements, [{ start: 0, stop: 20 }]);
        const added = addGrams(halves, [[1], [0, 1]]);
        expect(added.shape).toEqual([2, 5, 5]);
        expect(added.data.subarray(0, 25)).toEqual(halves.data.subarray(25));
        for (const [at, value] of whole.data.entries()) expect(added.data[25 + at]).toBeCloseTo(value, 10);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ["no unions", []],
    ["a union of none", [[]]],
    ["a set twice", [[0, 0]]],
    ["a set that there is not", [[1]]],
  ])("refuses %s", (_, unions) => {
    const grams = gramMatrices(noise(4, 3, 1), [{ start: 0, stop: 3 }]);
    expect(() => addGrams(grams, unions)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });

  it("refuses what is no Gram matrix", () => {
    for (const [data, shape] of [
      [Float64Array.of(1, 2, 3, 4), [1, 2, 3]],
      [Float64Array.of(1, 2), [1, 2, 2]],
      [Float64Array.of(-1, 0, 0, 1), [1, 2, 2]],
      [Float64Array.of(1, 0, NaN, 1), [1, 2, 2]],
    ] as const)
      expect(() => addGrams({ data, shape }, [[0]])).toThrow(/grams: expected/);
  });
});
