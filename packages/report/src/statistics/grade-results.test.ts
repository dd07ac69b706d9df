import { gradeCorrelation, gradeCorrelationNull } from "@measure-plantain/paired-stats";
import { csvParse } from "d3-dsv";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { syntheticCaptures, syntheticContext, syntheticLayout } from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "./analyze-captures.ts";
import { readGrades } from "./grade-results.ts";
import { formatSummaryMarkdown } from "../text/summary-markdown.ts";
import { summarize } from "../summary/summarize.ts";
import type { Summary } from "../summary/summary.ts";
import { formatUnitParquet, holdsUnits } from "../tables/unit-parquet.ts";
import { formatUnitCsv } from "../tables/unit-table.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const grades = [0, 0, 3, 1, 1, 4, 2, 2, 5, 3, 4, 5];
const [pairs, flips, seed] = [grades.length, 60, 7];
const captures = syntheticCaptures(layout, { pairs, graded: { block: "single.1", effect: 0.1, grades } });
const reproduction = { command: "run", capturesSha256: null, packages: {}, node: "v20.19.0" };

function analyze(options: Parameters<typeof analyzeCaptures>[1] = {}): Promise<Analysis> {
  return analyzeCaptures(captures, { flips, seed, grades, ...options });
}

/** Groups, heads and MLP groups that have a result for the grades. */
function gradedParts({ granularities }: Analysis): {
  name: string;
  granularity: Analysis["granularities"][number];
  result: NonNullable<Analysis["granularities"][number]["grades"]>;
}[] {
  return granularities.flatMap((granularity) =>
    granularity.grades === null ? [] : [{ name: granularity.name, granularity, result: granularity.grades }],
  );
}

describe("readGrades", () => {
  const read = (...values: (number | undefined)[]): readonly number[] | null =>
    readGrades({
      pairs: values.map((grade, pair) => ({
        id: `pair-${pair}`,
        a: "a",
        b: "b",
        ...(grade !== undefined && { grade }),
      })),
    });

  test("takes the grades in the order of the pairs, 0 and negative ones included", () => {
    expect(read(0, -1.5, 3, 0)).toEqual([0, -1.5, 3, 0]);
  });

  test.each([
    ["lacks a grade", [1, 2, undefined, 4, 5]],
    ["has no grade", [undefined, undefined, undefined, undefined]],
    ["has one grade for all pairs", [2, 2, 2, 2]],
    ["has fewer than four pairs", [1, 2, 3]],
  ])("a set that %s is not graded", (_, values) => {
    expect(read(...values)).toBeNull();
  });
});

describe("the grades of an analysis", () => {
  test("give what gradeCorrelation and gradeCorrelationNull give, for groups, heads and MLP groups", async () => {
    const parts = gradedParts(await analyze());
    expect(parts.map(({ name }) => name)).toEqual(["group", "head", "mlp"]);
    for (const { granularity, result } of parts) {
      const { differences } = granularity;
      expect(result.correlation).toEqual(gradeCorrelation(differences, grades));
      expect(result.signFlip).toEqual(await gradeCorrelationNull(differences, grades, { flips, seed }));
    }
  });

  test("the units of the block that follows the grade lie beyond the null's greatest |ρ|, and no others", async () => {
    const [{ granularity, result } = {}] = gradedParts(await analyze());
    for (const [unit, { block }] of (granularity?.records ?? []).entries()) {
      const rho = result?.correlation.r[unit] ?? NaN;
      if (block === "single.1") expect(rho).toBeGreaterThan(result?.signFlip?.maximum.null.p99 ?? NaN);
      else expect(Math.abs(rho)).toBeLessThan(result?.signFlip?.maximum.null.p99 ?? NaN);
    }
  });

  test("an effect that is the same at every grade is present, and not ordered", async () => {
    const planted = { block: "single.1", effect: 0.3 };
    const flat = await analyzeCaptures(syntheticCaptures(layout, { pairs, planted }), {
      flips,
      seed,
      grades,
    });
    const { granularities, grades: followed } = summarize(flat, syntheticContext(pairs, grades));
    expect(granularities[0]?.maximum?.p).toBeLessThan(0.05);
    expect(followed?.granularities[0]?.maximum?.p).toBeGreaterThan(0.05);
  });

  test("all labellings for the counts leave 1,000 random ones for the ranks", async () => {
    const few = syntheticCaptures(layout, { pairs: 5 });
    const { granularities } = await analyzeCaptures(few, { flips: "exact", grades: [1, 2, 3, 4, 5] });
    expect(granularities[0]?.signFlip?.labellings).toBe(16);
    expect(granularities[0]?.grades?.signFlip).toMatchObject({ labellings: 1_000, exact: false });
  });

  test("grades of other pairs than the captured ones are refused", async () => {
    await expect(analyze({ grades: [...grades, 6] })).rejects.toThrow(
      /one for each of the 12 captured pairs, received 13/,
    );
  });

  test("where nothing varies there is nothing to follow, and no NaN", async () => {
    const { meanSquare } = captures;
    const still = { layout, meanSquare: { ...meanSquare, data: meanSquare.data.map(() => 1) } };
    const analysis = await analyzeCaptures(still, { flips, grades });
    const summary = summarize(analysis, syntheticContext(pairs, grades));
    expect(summary.grades?.granularities[0]).toMatchObject({ testedUnits: 0, thresholds: [], maximum: null });
    expect(formatSummaryMarkdown(summary, reproduction)).not.toMatch(/NaN|undefined|Infinity/);
    const [group] = analysis.granularities;
    expect(new Set(csvParse(group ? formatUnitCsv(group) : "").map((row) => row["grade_rho"]))).toEqual(
      new Set([""]),
    );
  });
});

describe("the results of a graded set", () => {
  test("hold the counts, the nulls and the closest unit with its sign", async () => {
    const analysis = await analyze();
    const { grades: summary } = summarize(analysis, syntheticContext(pairs, grades));
    expect(summary).toMatchObject({ method: "spearman", grades, labellings: flips, seed });
    for (const [place, { result, granularity }] of gradedParts(analysis).entries()) {
      const { thresholds = [], maximum } = summary?.granularities[place] ?? {};
      const { r } = result.correlation;
      expect(thresholds[0]?.observed).toBe(r.filter((rho) => Math.abs(rho) > 0.5).length);
      expect(thresholds[0]?.nullP99).toBe(result.signFlip?.thresholds[0]?.null.p99);
      expect(maximum?.p).toBe(result.signFlip?.maximum.p);
      const unit = granularity.records.findIndex(({ address }) => address === maximum?.address);
      expect(maximum?.rho).toBe(r[unit]);
      expect(Math.abs(maximum?.rho ?? NaN)).toBe(maximum?.observed);
    }
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  test("say in one sentence whether the effect is ordered by grade, and not merely present", async () => {
    const sentences = (analysis: Analysis): string[] =>
      summarize(analysis, syntheticContext(pairs, grades)).conclusions.may.filter((sentence) =>
        sentence.includes("grade"),
      );
    const ordered = sentences(await analyze());
    expect(ordered).toHaveLength(1);
    expect(ordered[0]).toMatch(
      /^The difference is ordered by the pairs' grade, not merely present: \d+ of 36/,
    );
    const noise = await analyzeCaptures(syntheticCaptures(layout, { pairs }), { flips, seed, grades });
    expect(sentences(noise)).toHaveLength(1);
    expect(sentences(noise)[0]).toMatch(
      /ordered by the pairs' grade, and not merely present, is not shown: /,
    );
  });

  test("stand as a table in the Markdown", async () => {
    const summary = summarize(await analyze(), syntheticContext(pairs, grades));
    const markdown = formatSummaryMarkdown(summary, reproduction);
    const [groups] = summary.grades?.granularities ?? [];
    expect(markdown).toContain("### By grade");
    const rho = (groups?.maximum?.rho ?? NaN).toFixed(2);
    const [counted] = groups?.thresholds ?? [];
    expect(markdown).toMatch(
      new RegExp(
        `^\\| Groups of 16 channels \\| 36 \\| ${counted?.observed ?? NaN} \\(.* \\| ${rho} \\(\`single\\.1\\.`,
        "m",
      ),
    );
  });

  test("have the column grade_rho, with all digits, in CSV and Parquet", async () => {
    for (const { granularity, result } of gradedParts(await analyze())) {
      const rho = Array.from(result.correlation.r);
      const rows = csvParse(formatUnitCsv(granularity));
      const ungraded = csvParse(formatUnitCsv({ ...granularity, grades: null }));
      expect(rows.columns).toEqual([...ungraded.columns, "grade_rho"]);
      expect(rows.map((row) => Number(row["grade_rho"]))).toEqual(rho);
      const parquet = formatUnitParquet(granularity);
      const stored = await parquetReadObjects({ file: parquet.slice().buffer });
      expect(stored.map((row) => row["grade_rho"] as unknown)).toEqual(rho);
      expect(await holdsUnits(parquet, granularity)).toBe(true);
      expect(await holdsUnits(parquet, { ...granularity, grades: null })).toBe(false);
    }
  });

  test("differ in nothing else from those of the same captures without grades", async () => {
    const [graded, plain] = [await analyze(), await analyze({ grades: null })];
    const [left, right] = [graded, plain].map((analysis) => summarize(analysis, syntheticContext(pairs)));
    if (left === undefined || right === undefined) throw new RangeError("two summaries");
    const isOfGrades = (sentence: string): boolean => sentence.includes("by the pairs' grade");
    const withoutGrades = (summary: Summary): Summary => ({
      ...summary,
      grades: null,
      conclusions: {
        ...summary.conclusions,
        may: summary.conclusions.may.filter((sentence) => !isOfGrades(sentence)),
      },
    });
    expect(right.grades).toBeNull();
    expect(right.conclusions.may.some(isOfGrades)).toBe(false);
    expect(JSON.stringify(withoutGrades(left))).toBe(JSON.stringify(right));
    expect(formatSummaryMarkdown(withoutGrades(left), reproduction)).toBe(
      formatSummaryMarkdown(right, reproduction),
    );
    for (const [place, granularity] of plain.granularities.entries()) {
      const beside = graded.granularities[place];
      expect(formatUnitCsv(granularity)).toBe(
        formatUnitCsv({ ...granularity, ...beside, grades: null, name: granularity.name }),
      );
      expect(csvParse(formatUnitCsv(granularity)).columns).not.toContain("grade_rho");
    }
  });
});
