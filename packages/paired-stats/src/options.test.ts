import { describe, expect, it } from "vitest";
import { noise } from "../test/noise.ts";
import { matrixOf, parityDifferences } from "../test/parity.ts";
import { axisNull } from "./axis/axis-null.ts";
import { cohensDzInterval } from "./cohens-dz-interval.ts";
import { consistencyNull } from "./crossed/consistency-null.ts";
import { crossedEffects } from "./crossed/crossed-effects.ts";
import { objectSlopes } from "./crossed/object-slopes.ts";
import { transferNull } from "./crossed/transfer-null.ts";
import { exactSignFlipP } from "./flips/exact-sign-flip-p.ts";
import { signFlipNull } from "./flips/sign-flip-null.ts";
import { addGrams } from "./grams/add-grams.ts";
import { centreGrams } from "./grams/centre-grams.ts";
import { gramMatrices } from "./grams/gram-matrices.ts";
import { adjustPValues } from "./multiplicity/adjust-p-values.ts";
import { stepDownMaxT } from "./multiplicity/max-t.ts";
import { tailP } from "./multiplicity/tail-p.ts";
import { pairedDifference } from "./paired-difference.ts";
import { pairedT } from "./paired-t.ts";
import { covariateSignFlipNull } from "./regression/covariate.ts";
import { gradeCorrelation, gradeCorrelationNull } from "./regression/grade-correlation.ts";
import { splitHalfReliability } from "./reliability/split-half.ts";
import { splitSampleEffect, topUnitOverlap } from "./reliability/top-units.ts";
import { splitConditions } from "./split-conditions.ts";
import { summarizeByBlock } from "./blocks/summarize-by-block.ts";

const differences = noise(6, 3, 1);
const perPair = [1, 2, 3, 4, 5, 6];
const everything = [{ start: 0, stop: 3 }];
const grams = gramMatrices(differences, everything);

/** Calls as a program without types makes them. */
type Untyped = (...values: readonly unknown[]) => unknown;
const untyped = (call: unknown): Untyped => call as Untyped; // that is what these tests are about

async function expectRefusal(call: () => unknown, message: RegExp): Promise<void> {
  await expect(Promise.resolve().then(call)).rejects.toMatchObject({
    name: "PairedStatsError",
    message: expect.stringMatching(message) as string,
  });
}

const withOptions: readonly (readonly [name: string, call: (options: unknown) => unknown])[] = [
  ["pairedT", (options) => untyped(pairedT)(differences, options)],
  ["cohensDzInterval", (options) => untyped(cohensDzInterval)(pairedT(differences), options)],
  ["exactSignFlipP", (options) => untyped(exactSignFlipP)(differences, options)],
  ["signFlipNull", (options) => untyped(signFlipNull)(differences, options)],
  ["stepDownMaxT", (options) => untyped(stepDownMaxT)(differences, options)],
  ["adjustPValues", (options) => untyped(adjustPValues)(Float64Array.of(0.1), "holm", options)],
  ["tailP", (options) => untyped(tailP)(3, noise(500, 1, 1).data, options)],
  ["splitHalfReliability", (options) => untyped(splitHalfReliability)(differences, options)],
  ["topUnitOverlap", (options) => untyped(topUnitOverlap)(differences, 1, options)],
  ["splitSampleEffect", (options) => untyped(splitSampleEffect)(differences, 1, options)],
  ["covariateSignFlipNull", (options) => untyped(covariateSignFlipNull)(differences, perPair, options)],
  ["gradeCorrelation", (options) => untyped(gradeCorrelation)(differences, perPair, options)],
  ["gradeCorrelationNull", (options) => untyped(gradeCorrelationNull)(differences, perPair, options)],
  ["crossedEffects", (options) => untyped(crossedEffects)(differences, options)],
  ["objectSlopes", (options) => untyped(objectSlopes)(differences, options)],
  ["gramMatrices", (options) => untyped(gramMatrices)(differences, everything, options)],
  ["centreGrams", (options) => untyped(centreGrams)(grams, options)],
  ["transferNull", (options) => untyped(transferNull)(grams, options)],
  ["consistencyNull", (options) => untyped(consistencyNull)(grams, options)],
  ["axisNull", (options) => untyped(axisNull)(grams, options)],
  [
    "summarizeByBlock",
    (options) => untyped(summarizeByBlock)(pairedT(differences), ["a", "a", "b"], options),
  ],
];

describe("options", () => {
  it.each(withOptions)("%s names an option that it does not have, and those that it has", async (_, call) => {
    await expectRefusal(
      () => call({ nFlips: 1e4 }),
      /options: expected an object with some of .+, got nFlips/,
    );
    await expectRefusal(() => call(200), /options: expected an object with some of .+, got a number/);
    await expectRefusal(() => call([]), /got an array/);
    await expectRefusal(() => call(null), /got null/);
  });

  it.each([
    ["threshold for thresholds", () => untyped(signFlipNull)(differences, { threshold: 3 }), /got threshold/],
    [
      "a threshold that is no list",
      () => untyped(signFlipNull)(differences, { thresholds: 3 }),
      /list of numbers/,
    ],
    [
      "another method",
      () => untyped(adjustPValues)(Float64Array.of(0.1), "bh"),
      /benjamini-hochberg, .+ got bh/,
    ],
    [
      "another spelling",
      () => untyped(gradeCorrelation)(differences, perPair, { method: "Spearman" }),
      /got Spearman/,
    ],
    ["another engine", () => untyped(signFlipNull)(differences, { engine: "gpu" }), /simd, plain, got gpu/],
    [
      "five billion flips",
      () => signFlipNull(differences, { flips: 5e9 }),
      /flips: expected a whole number from 1 to/,
    ],
    ["as many, step-down", () => stepDownMaxT(differences, { flips: 5e9 }), /flips: .+ from 1 to/],
    [
      "as many, of a covariate",
      () => covariateSignFlipNull(differences, perPair, { flips: 5e9 }),
      /flips: .+ from 1 to/,
    ],
    ["as many, of halves", () => splitHalfReliability(differences, { flips: 5e9 }), /flips: .+ from 0 to/],
    [
      "five billion halvings",
      () => splitHalfReliability(differences, { splits: 5e9 }),
      /splits: .+ from 1 to/,
    ],
    ["flips in words", () => untyped(signFlipNull)(differences, { flips: "200" }), /flips: .+ got 200/],
    [
      "nested signs",
      () => untyped(signFlipNull)(differences, { signs: [[1, -1, 1, 1, 1, 1]] }),
      /signs: .+ typed array/,
    ],
  ])("refuse %s in one sentence", async (_, call, message) => {
    await expectRefusal(call, message);
  });

  it("take thresholds from a typed array", async () => {
    const typed = await signFlipNull(parityDifferences, { thresholds: Float64Array.of(2, 3) });
    expect(typed).toEqual(await signFlipNull(parityDifferences, { thresholds: [2, 3] }));
    const grades = parityDifferences.data.subarray(0, 25);
    const ofGrades = await gradeCorrelationNull(parityDifferences, grades, {
      thresholds: Float32Array.of(0.5),
    });
    expect(ofGrades.thresholds[0]?.threshold).toBe(0.5);
  });
});

describe("matrices", () => {
  it.each([
    ["a plain array", { data: [1, 2, 4], shape: [3, 1] }],
    ["nested arrays", [[1], [2], [4]]],
    ["nested arrays as data", { data: [[1], [2], [4]], shape: [3, 1] }],
    ["whole numbers of another type", { data: Int32Array.of(1, 2, 4), shape: [3, 1] }],
    ["no shape", { data: Float64Array.of(1, 2, 4) }],
    ["nothing", undefined],
    ["null", null],
  ])("are refused as %s, with what to write", async (_, matrix) => {
    const message =
      /expected \{ data, shape \} with data a Float32Array or Float64Array .+ write \{ data: Float64Array/;
    for (const call of [
      pairedT,
      signFlipNull,
      exactSignFlipP,
      stepDownMaxT,
      splitHalfReliability,
      splitConditions,
    ])
      await expectRefusal(() => untyped(call)(matrix), message);
    await expectRefusal(() => untyped(pairedDifference)(matrix, matrix), message);
    await expectRefusal(() => untyped(gradeCorrelation)(matrix, perPair), message);
  });

  it.each([
    ["a matrix", { data: Float64Array.of(1, 2, 2, 4), shape: [2, 2] }],
    ["float32", { data: Float32Array.of(1, 2, 2, 4), shape: [1, 2, 2] }],
    ["nothing", undefined],
  ])("of inner products are refused as %s, with what makes them", async (_, matrix) => {
    const message = /grams: expected \{ data, shape \} .+ make them with gramMatrices/;
    await expectRefusal(() => untyped(axisNull)(matrix), message);
    await expectRefusal(() => untyped(addGrams)(matrix, [[0]]), message);
    await expectRefusal(() => untyped(centreGrams)(matrix, { objects: 1 }), message);
    await expectRefusal(() => untyped(transferNull)(matrix, { objects: 2, grades: [1, 2] }), message);
    await expectRefusal(() => untyped(consistencyNull)(matrix, { objects: 2 }), message);
  });

  it.each([
    ["too few", Float64Array.of(0)],
    ["negative", Float64Array.of(0, -1)],
    ["not finite", Float64Array.of(0, NaN)],
  ])("are refused with a resolution of numbers that are %s", (_, resolution) => {
    expect(() => pairedT({ ...matrixOf([[1], [2]]), resolution })).toThrow(/resolution of 2 finite numbers/);
  });
});
