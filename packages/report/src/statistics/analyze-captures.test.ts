import { headMeanSquares, unitRecords } from "@measure-plantain/head-hooks";
import {
  adjustPValues,
  exactSignFlipP,
  float32Resolution,
  type Matrix,
  pairedDifference,
  pairedT,
  signFlipNull,
  singleStepMaxT,
  stepDownMaxT,
} from "@measure-plantain/paired-stats";
import { describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "./analyze-captures.ts";
import type { GranularityResult } from "./granularity-result.ts";
import type { Captures, GranularityName } from "@measure-plantain/probe";

const tiny = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });

function granularity({ granularities }: Analysis, name: GranularityName): GranularityResult {
  const found = granularities.find((result) => result.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

/** Captures of the tiny layout that hold `value(pair, condition, unit)`. */
function capturesOf(
  pairs: number,
  value: (pair: number, condition: number, unit: number) => number,
): Captures {
  const { unitCount } = tiny;
  return {
    layout: tiny,
    meanSquare: {
      data: Float32Array.from({ length: pairs * 2 * unitCount }, (_, place) =>
        value(Math.floor(place / (2 * unitCount)), Math.floor(place / unitCount) % 2, place % unitCount),
      ),
      shape: [pairs, 2, unitCount],
    },
  };
}

describe("analyzeCaptures", () => {
  test("reports groups, real heads and MLP groups of the Klein 4B layout, each on its own", async () => {
    const { granularities } = await analyzeCaptures(syntheticCaptures(syntheticLayout(), { pairs: 3 }), {
      flips: 2,
    });
    expect(granularities.map(({ name, records }) => [name, records.length])).toEqual([
      ["group", 16_320],
      ["head", 600],
      ["mlp", 11_520],
    ]);
  });

  test("keeps the text stream's units out of every other granularity", async () => {
    const layout = syntheticLayout({ toAddOut: true });
    const { granularities, blocks } = await analyzeCaptures(syntheticCaptures(layout, { pairs: 3 }), {
      flips: 2,
    });
    expect(granularities.map(({ name, records }) => [name, records.length])).toEqual([
      ["group", 16_320],
      ["head", 600],
      ["mlp", 11_520],
      ["to_add_out", 960],
    ]);
    expect(blocks.reduce((sum, { units }) => sum + units, 0)).toBe(16_320);
  });

  test("tests b − a of root mean squares: 1, 2, 4 against 0 is t = √7", async () => {
    const roots = [1, 2, 4];
    const analysis = await analyzeCaptures(
      capturesOf(3, (pair, condition) => (condition === 1 ? (roots[pair] ?? 0) ** 2 : 0)),
      { flips: 3 },
    );
    for (const name of ["group", "head", "mlp"] as const) {
      const { pairedT, conditionMeans } = granularity(analysis, name);
      expect(pairedT.t[0]).toBeCloseTo(Math.sqrt(7), 14);
      expect([conditionMeans.a[0], conditionMeans.b[0]]).toEqual([0, 7 / 3]);
    }
  });

  test("a head's root mean square is that of all its channels", async () => {
    const captures = syntheticCaptures(tiny, { pairs: 4 });
    const analysis = await analyzeCaptures(captures, { flips: 2 });
    const { data } = headMeanSquares(captures.meanSquare, tiny);
    const { differences, records } = granularity(analysis, "head");
    expect(records.map(({ address }) => address)).toContain("single.1.head.0");
    const expected = Array.from({ length: 4 * tiny.headCount }, (_, place) => {
      const pair = Math.floor(place / tiny.headCount);
      const head = place % tiny.headCount;
      return (
        Math.sqrt(data[(2 * pair + 1) * tiny.headCount + head] ?? 0) -
        Math.sqrt(data[2 * pair * tiny.headCount + head] ?? 0)
      );
    });
    expect(Array.from(differences.data)).toEqual(expected);
  });

  test("equals paired-stats called directly on the root mean squares of the same units", async () => {
    const captures = syntheticCaptures(tiny, { pairs: 8, planted: { block: "single.1", effect: 0.1 } });
    const options = { thresholds: [2, 4], flips: 50, seed: 7 };
    const analysis = await analyzeCaptures(captures, options);
    const columns = [...unitRecords(tiny).entries()].filter(([, { kind }]) => kind === "mlp");
    const { data } = captures.meanSquare;
    const roots = (condition: 0 | 1): Matrix => {
      const values = Float64Array.from({ length: 8 * columns.length }, (_, place) => {
        const row = (2 * Math.floor(place / columns.length) + condition) * tiny.unitCount;
        return Math.sqrt(data[row + (columns[place % columns.length]?.[0] ?? -1)] ?? NaN);
      });
      return { data: values, shape: [8, columns.length], resolution: float32Resolution(values) };
    };
    const differences = pairedDifference(roots(0), roots(1));
    const mlp = granularity(analysis, "mlp");
    expect(mlp.pairedT).toEqual(pairedT(differences));
    expect(mlp.signFlip).toEqual(await signFlipNull(differences, options));
  });

  test("takes all labellings where asked to", async () => {
    const analysis = await analyzeCaptures(syntheticCaptures(tiny, { pairs: 5 }), { flips: "exact" });
    expect(granularity(analysis, "group").signFlip).toMatchObject({ exact: true, labellings: 16 });
  });

  test("corrects every p for the number of units, and knows the exact p where all labellings are taken", async () => {
    const captures = syntheticCaptures(tiny, { pairs: 8, planted: { block: "single.1", effect: 0.3 } });
    const random = granularity(await analyzeCaptures(captures, { flips: 60, seed: 5 }), "group");
    const { differences, pairedT: statistics, corrected } = random;
    expect(corrected).toEqual({
      familyWise: await stepDownMaxT(differences, { flips: 60, seed: 5 }),
      familyWiseMethod: "step-down",
      falseDiscovery: adjustPValues(statistics.p, "benjamini-hochberg"),
      exact: null,
    });
    const exact = granularity(await analyzeCaptures(captures, { flips: "exact" }), "group");
    expect(exact.corrected).toMatchObject({
      familyWise: singleStepMaxT(statistics, await signFlipNull(differences, { exact: true })),
      familyWiseMethod: "single-step",
      exact: await exactSignFlipP(differences),
    });
  });

  test("compares the halves of the pairs from six pairs on", async () => {
    const planted = { block: "single.1", effect: 0.3 };
    const { halves, granularities } = await analyzeCaptures(syntheticCaptures(tiny, { pairs: 8, planted }));
    const [group] = granularities;
    const evenRows = group?.differences.data.filter(
      (_, place) => Math.floor(place / tiny.unitCount) % 2 === 0,
    );
    expect(halves?.example.even).toEqual(
      pairedT({ data: evenRows ?? new Float64Array(), shape: [4, tiny.unitCount] }).t,
    );
    expect(halves?.ofT.median).toBeGreaterThan(0.5);
    expect((await analyzeCaptures(syntheticCaptures(tiny, { pairs: 5 }))).halves).toBeNull();
  });

  test("ranks the blocks by their groups over the first threshold, each against its own null", async () => {
    const captures = syntheticCaptures(tiny, { pairs: 12, planted: { block: "single.1", effect: 0.2 } });
    const { blocks, granularities } = await analyzeCaptures(captures, { thresholds: [2.5, 5] });
    expect(blocks.map(({ block }) => block).sort()).toEqual(["joint.0", "single.0", "single.1"]);
    const counted = granularities[0]?.signFlip?.thresholds[0]?.observed;
    expect(blocks.reduce((sum, { overThreshold }) => sum + overThreshold, 0)).toBe(counted);
    expect(blocks[0]).toMatchObject({ block: "single.1", count: { p: 1 / 201 } });
    for (const { overThreshold, count } of blocks) expect(count?.observed).toBe(overThreshold);
  });

  test("names the units whose differences are all equal, and tests the others", async () => {
    const captures = capturesOf(3, (pair, condition, unit) =>
      unit === 1 ? 4 : 1 + condition * (pair + unit),
    );
    const group = granularity(await analyzeCaptures(captures, { flips: 5 }), "group");
    expect(group.degenerateUnits).toEqual(["joint.0.to_out[16:32]"]);
    expect(group.signFlip?.testedUnits).toBe(tiny.unitCount - 1);
  });

  test("has no null where nothing varies, as in a control of identical prompts", async () => {
    const analysis = await analyzeCaptures(capturesOf(3, () => 1));
    expect(granularity(analysis, "group")).toMatchObject({ signFlip: null });
    expect(granularity(analysis, "group").degenerateUnits).toHaveLength(tiny.unitCount);
    expect(analysis.blocks.every(({ count }) => count === null)).toBe(true);
  });

  test("leaves out what the layout does not have", async () => {
    const layout = syntheticLayout({ jointBlocks: 2, singleBlocks: 0, headsPerBlock: 2, headSize: 16 });
    const { granularities } = await analyzeCaptures(syntheticCaptures(layout, { pairs: 3 }), { flips: 2 });
    expect(granularities.map(({ name }) => name)).toEqual(["group", "head"]);
  });

  test("tests each token segment by itself, and no group that sees none of its tokens", async () => {
    const captures = syntheticCaptures(tiny, { pairs: 6, segments: true });
    const { segments } = await analyzeCaptures(captures, { flips: 20, seed: 4 });
    expect(segments.map(({ name }) => name)).toEqual(["template", "prompt", "padding", "noise", "reference"]);
    for (const { name, groups } of segments) {
      const meanSquare = captures.segments?.[name] ?? captures.meanSquare;
      const alone = await analyzeCaptures({ layout: tiny, meanSquare }, { flips: 20, seed: 4 });
      expect(groups).toEqual(granularity(alone, "group"));
    }
    const unseen = segments[0]?.groups.degenerateUnits ?? [];
    expect(unseen).toHaveLength(4);
    for (const address of unseen) expect(address).toMatch(/^joint\.0\.to_out/);
    expect((await analyzeCaptures(syntheticCaptures(tiny, { pairs: 6 }), { flips: 5 })).segments).toEqual([]);
  });

  test("progress ends at the whole", async () => {
    const seen: number[] = [];
    await analyzeCaptures(syntheticCaptures(tiny, { pairs: 4 }), {
      flips: 10,
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(seen.at(-1)).toBeCloseTo(1, 12);
    expect(seen).toEqual([...seen].sort((left, right) => left - right));
  });

  test("refuses captures of another layout, values that are not finite, a single pair", async () => {
    const { meanSquare } = syntheticCaptures(tiny, { pairs: 3 });
    await expect(analyzeCaptures({ layout: syntheticLayout(), meanSquare })).rejects.toThrow(
      /expected \[pairs, 2, 16320\] mean squares, received \[3, 2, 36\]/,
    );
    await expect(analyzeCaptures(capturesOf(3, (pair) => (pair === 1 ? NaN : 1)))).rejects.toMatchObject({
      code: "non-finite",
    });
    await expect(analyzeCaptures(capturesOf(1, () => 1))).rejects.toMatchObject({ code: "too-few-pairs" });
  });

  test("an aborted analysis ends with the signal's reason", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(analyzeCaptures(syntheticCaptures(tiny), { signal })).rejects.toThrow("enough");
  });
});
