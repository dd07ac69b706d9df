import {
  axisNull,
  consistencyNull,
  crossedEffects,
  gramMatrices,
  type GramMatrices,
  levelOrderNull,
  type Matrix,
  objectSlopes,
  signFlipNull,
  transferNull,
} from "@measure-plantain/paired-stats";
import { openRun, readCaptures, type Captures } from "@measure-plantain/probe";
import { listCells, loadPromptSet } from "@measure-plantain/prompts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, givenReference } from "./cli.ts";

// The responses of random weights, under labels that mean nothing: the sizes of each object, or of all objects alike, or the sides
// of each pair, are exchanged at random. A test that holds its level says p ≤ 0.05 of about 10 of 200 such sets of labels.
const SETS = 200;
/** Of 200 trials at 0.05, so few and so many have a probability of 0.001 each. */
const [LEAST, MOST] = [2, 21];

const [objects, levels] = [8, 6];
const rows = objects * levels;
const place = createWorkplace();
let captures: Captures;
/** Strengths [rows, units] and signed means [rows, channels] of the cells. */
let strengths: Matrix;
let signed: Matrix;
let grades: readonly number[];

beforeAll(async () => {
  const small = ["--width", "64", "--height", "64", "--max-sequence-length", "64", ...givenReference];
  const { exitCode } = await place.run(
    ...["run", "--prompts", "measure-crossed", "--capture", "signed", ...small],
    ...["--out", "crossed", "--quiet"],
  );
  expect(exitCode).toBe(0);
  const run = await openRun(place.path("crossed"));
  captures = await readCaptures(run, await run.readManifest());
  const cells = listCells(await loadPromptSet("measure-crossed"));
  if (cells === null || captures.signed === undefined) throw new TypeError("a signed run of a crossed set");
  ({ grades } = cells);
  const ofCells = (
    { data, shape: [, , columns] }: Captures["meanSquare"],
    of: (value: number) => number,
  ): Matrix => ({
    data: Float64Array.from({ length: rows * columns }, (_, at) => {
      const [{ pair, condition } = { pair: NaN, condition: 0 }] =
        cells.cells[Math.floor(at / columns)]?.places ?? [];
      return of(data[(2 * pair + condition) * columns + (at % columns)] ?? NaN);
    }),
    shape: [rows, columns],
  });
  strengths = ofCells(captures.meanSquare, Math.sqrt);
  signed = ofCells(captures.signed, (value) => value);
}, 60_000);
afterAll(() => {
  place.remove();
});

/** A stream of uniform numbers from 0 to 1 (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(length: number, next: () => number): number[] {
  return Array.from({ length }, (_, index) => ({ index, key: next() }))
    .sort((one, other) => one.key - other.key)
    .map(({ index }) => index);
}

/** For each row, the row whose measurements it gets: another size of the same object. */
function exchangeSizes(next: () => number, isCommon: boolean): number[] {
  const common = shuffled(levels, next);
  return Array.from({ length: objects }, (_, object) =>
    (isCommon ? common : shuffled(levels, next)).map((level) => object * levels + level),
  ).flat();
}

function takeRows({ data, shape: [, columns] }: Matrix, order: readonly number[]): Matrix {
  const taken = order.map((row) => data.subarray(row * columns, (row + 1) * columns));
  return { data: Float64Array.from(taken.flatMap((row) => Array.from(row))), shape: [order.length, columns] };
}

/** The Gram matrix of rows in another order. */
function reorder({ data, shape }: GramMatrices, order: readonly number[]): GramMatrices {
  const [, size] = shape;
  return {
    data: Float64Array.from(
      data,
      (_, at) => data[(order[Math.floor(at / size)] ?? NaN) * size + (order[at % size] ?? NaN)] ?? NaN,
    ),
    shape,
  };
}

/** In how many sets of labels each p is at most 0.05. */
async function countAlarms(
  test: (next: () => number, set: number) => Promise<Readonly<Record<string, number>>>,
): Promise<Record<string, number>> {
  const alarms: Record<string, number> = {};
  for (let set = 0; set < SETS; set += 1)
    for (const [name, p] of Object.entries(await test(uniform(1_000 + set), set)))
      alarms[name] = (alarms[name] ?? 0) + (p <= 0.05 ? 1 : 0);
  return alarms;
}

function expectLevel(alarms: Readonly<Record<string, number>>): void {
  console.info(`p ≤ 0.05 in ${SETS} sets of labels on random weights: ${JSON.stringify(alarms)}`);
  for (const [name, count] of Object.entries(alarms)) {
    expect({ name, isTooMany: count > MOST }).toEqual({ name, isTooMany: false });
    expect({ name, isTooFew: count < LEAST }).toEqual({ name, isTooFew: false });
  }
}

const allOf = ({ shape: [, columns] }: Matrix): { start: number; stop: number }[] => [
  { start: 0, stop: columns },
];

it("tests of a common direction hold their level when the sizes of each object are exchanged at random", async () => {
  const grams = [strengths, signed].map((measured) => gramMatrices(measured, allOf(measured), { objects }));
  expectLevel(
    await countAlarms(async (next, seed) => {
      const order = exchangeSizes(next, false);
      const p: Record<string, number> = {};
      for (const [index, gram] of grams.entries()) {
        const kind = index === 0 ? "strength" : "signed";
        const labelled = reorder(gram, order);
        const options = { objects, permutations: 99, seed };
        p[`${kind}, transfer`] = (await transferNull(labelled, { ...options, grades })).sets[0]?.p ?? NaN;
        p[`${kind}, consistency`] = (await consistencyNull(labelled, options)).sets[0]?.p ?? NaN;
      }
      return p;
    }),
  );
});

it("tests of the order hold their level when the sizes of all objects are exchanged alike", async () => {
  const gram = gramMatrices(strengths, allOf(strengths), { objects });
  const few: Matrix = {
    data: strengths.data.filter((_, at) => (at % strengths.shape[1]) % 17 === 0),
    shape: [rows, Math.ceil(strengths.shape[1] / 17)],
  };
  expectLevel(
    await countAlarms(async (next) => {
      const order = exchangeSizes(next, true);
      const design = { objects, grades };
      const { count, meanPart } = await levelOrderNull(takeRows(few, order), design);
      const transfer = await transferNull(reorder(gram, order), {
        ...design,
        shuffle: "common",
        exact: true,
      });
      return { "units in order": count.p, "linear part": meanPart.p, transfer: transfer.sets[0]?.p ?? NaN };
    }),
  );
});

it("tests of each unit's slopes hold their family-wise level when the sizes of each object are exchanged at random", async () => {
  let heterogeneous = 0;
  const alarms = await countAlarms(async (next) => {
    const labelled = takeRows(strengths, exchangeSizes(next, false));
    const { maximum } = await signFlipNull(objectSlopes(labelled, { objects, grades }), { exact: true });
    const { slopeHeterogeneity } = crossedEffects(labelled, { objects, grades });
    heterogeneous +=
      (slopeHeterogeneity?.p ?? []).filter((p) => p <= 0.05).length / strengths.shape[1] / SETS;
    return { "greatest |t| of a slope": maximum.p };
  });
  expectLevel(alarms);
  // Units depend on each other, so that no binomial interval holds for them together.
  expect(heterogeneous).toBeGreaterThan(0.025);
  expect(heterogeneous).toBeLessThan(0.075);
});

it("tests of one axis of the pairs hold their level when the sides of the pairs are exchanged at random", async () => {
  const { data, shape } = captures.signed ?? captures.meanSquare;
  const [pairs, , channels] = shape;
  const differences: Matrix = {
    data: Float64Array.from({ length: pairs * channels }, (_, at) => {
      const [pair, channel] = [Math.floor(at / channels), at % channels];
      return (
        (data[(2 * pair + 1) * channels + channel] ?? NaN) - (data[2 * pair * channels + channel] ?? NaN)
      );
    }),
    shape: [pairs, channels],
  };
  const gram = gramMatrices(differences, allOf(differences));
  expectLevel(
    await countAlarms(async (next, seed) => {
      const signs = Array.from({ length: pairs }, () => (next() < 0.5 ? -1 : 1));
      const flipped = {
        data: gram.data.map(
          (value, at) => value * (signs[Math.floor(at / pairs)] ?? NaN) * (signs[at % pairs] ?? NaN),
        ),
        shape: gram.shape,
      };
      const [set] = (await axisNull(flipped, { flips: 99, splits: 10, seed })).sets;
      return {
        projection: set?.projection.p ?? NaN,
        "share along the mean": set?.meanShare.p ?? NaN,
        halves: set?.splitHalfShare.p ?? NaN,
      };
    }),
  );
});
