import type { Criterion } from "@measure-plantain/probe";
import { describe, expect, it } from "vitest";
import {
  smallCaptures,
  syntheticContext,
  syntheticControl,
  syntheticLayout,
} from "../../test/synthetic-probe.ts";
import { analyzeCaptures } from "../statistics/analyze-captures.ts";
import { summarize } from "../summary/summarize.ts";
import type { Summary } from "../summary/summary.ts";
import { formatSummaryMarkdown } from "../text/summary-markdown.ts";
import { describeCriterion, describeFigures, describeVerdict } from "./describe-plan.ts";
import { evaluateCriterion } from "./evaluate-criterion.ts";
import type { PlanSummary } from "./plan-summary.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 });
const analysis = await analyzeCaptures(smallCaptures, { flips: 99 });
const context = syntheticContext(10);
const control = await syntheticControl(
  { analysis, context },
  { name: "shuffled", kind: "prompts", seed: 5 },
  layout,
);
const summary = summarize(analysis, context, [control]);
const group = { granularity: "group", threshold: 3 } as const;
const [groups] = analysis.granularities;
const over = (t: Float64Array): number => t.filter((value) => Math.abs(value) > 3).length;

/** A summary whose groups have other numbers. */
function changed(changes: { observed?: number; nullP99?: number; control?: number; p?: number }): Summary {
  const copy = structuredClone(summary) as DeepMutable<Summary>;
  const [own] = copy.granularities;
  const [beside] = copy.controls[0]?.granularities ?? [];
  const [counted] = own?.thresholds ?? [];
  const [there] = beside?.thresholds ?? [];
  const [difference] = beside?.difference?.thresholds ?? [];
  const [strongest] = own?.strongest ?? [];
  if (!counted || !there || !difference || !strongest) throw new Error("the summary has no groups");
  counted.observed = changes.observed ?? counted.observed;
  counted.nullP99 = changes.nullP99 ?? counted.nullP99;
  there.observed = changes.control ?? there.observed;
  difference.p = changes.p ?? difference.p;
  strongest.familyWiseP = changes.p ?? strongest.familyWiseP;
  return copy;
}

type DeepMutable<Type> = { -readonly [Key in keyof Type]: DeepMutable<Type[Key]> };

describe("evaluateCriterion(criterion, results)", () => {
  it("takes its figures from the statistics of the run and of the control", () => {
    const observed = over(groups?.pairedT.t ?? new Float64Array());
    expect(observed).toBeGreaterThan(0);
    expect(evaluateCriterion({ kind: "count", ...group, above: "null-p99" }, summary).figures).toEqual({
      observed,
      nullP99: groups?.signFlip?.thresholds[0]?.null.p99,
    });
    expect(
      evaluateCriterion({ kind: "family-wise", granularity: "group", alpha: 0.05 }, summary).figures,
    ).toEqual({
      p: Math.min(...(groups?.corrected?.familyWise ?? [])),
    });
    const difference: Criterion = { kind: "control-difference", control: "shuffled", ...group, alpha: 0.05 };
    expect(evaluateCriterion(difference, summary).figures).toEqual({
      observed,
      control: control.summary.granularities[0]?.thresholds[0]?.observed,
      p: control.comparison.granularities[0]?.difference?.thresholds[0]?.p,
    });
  });

  it.each<[string, Criterion, Parameters<typeof changed>[0], boolean]>([
    [
      "a count above its p99",
      { kind: "count", ...group, above: "null-p99" },
      { observed: 9, nullP99: 8.9 },
      true,
    ],
    [
      "a count at its p99",
      { kind: "count", ...group, above: "null-p99" },
      { observed: 9, nullP99: 9 },
      false,
    ],
    [
      "a family-wise p at alpha",
      { kind: "family-wise", granularity: "group", alpha: 0.02 },
      { p: 0.02 },
      true,
    ],
    [
      "a family-wise p above alpha",
      { kind: "family-wise", granularity: "group", alpha: 0.02 },
      { p: 0.021 },
      false,
    ],
    [
      "more than in the control, and a difference at alpha",
      { kind: "control-difference", control: "shuffled", ...group, alpha: 0.05 },
      { observed: 9, control: 8, p: 0.05 },
      true,
    ],
    [
      "a difference above alpha",
      { kind: "control-difference", control: "shuffled", ...group, alpha: 0.05 },
      { observed: 9, control: 8, p: 0.06 },
      false,
    ],
    [
      "a difference at alpha, but as many as in the control",
      { kind: "control-difference", control: "shuffled", ...group, alpha: 0.05 },
      { observed: 9, control: 9, p: 0.01 },
      false,
    ],
    [
      "more than in the control",
      { kind: "control-count", control: "shuffled", ...group },
      { observed: 9, control: 8 },
      true,
    ],
    [
      "as many as in the control",
      { kind: "control-count", control: "shuffled", ...group },
      { observed: 9, control: 9 },
      false,
    ],
  ])("%s", (_, criterion, changes, isMet) => {
    expect(evaluateCriterion(criterion, changed(changes))).toMatchObject({ isMet });
  });

  it.each<[string, Criterion]>([
    ["a control that was not run", { kind: "control-count", control: "number", ...group }],
    [
      "units that were not captured",
      { kind: "count", granularity: "to_add_out", threshold: 3, above: "null-p99" },
    ],
    [
      "a threshold that was not counted",
      { kind: "count", granularity: "group", threshold: 4, above: "null-p99" },
    ],
  ])("is not met by %s", (_, criterion) => {
    const result = evaluateCriterion(criterion, summary);
    expect(result).toEqual({ criterion, isMet: false, figures: null });
    expect(describeFigures(result)).toBe("the run does not have it");
  });
});

describe("a plan in words", () => {
  it("names each kind of criterion", () => {
    expect(describeCriterion({ kind: "count", ...group, above: "null-p99" })).toBe(
      "groups over |t| = 3: more than the 99th percentile of their null",
    );
    expect(describeCriterion({ kind: "family-wise", granularity: "head", alpha: 0.01 })).toBe(
      "real attention heads: one or more with a family-wise p of at most 0.01",
    );
  });

  const plan: PlanSummary = {
    createdAt: "2026-01-01T00:00:00.000Z",
    startedAt: "2026-01-02T00:00:00.000Z",
    sha256: "0".repeat(64),
    isMet: false,
    criteria: [
      evaluateCriterion(
        { kind: "count", ...group, above: "null-p99" },
        changed({ observed: 9, nullP99: 9.5 }),
      ),
    ],
    text: ["And *both* halves | <b>agree</b>."],
    departures: [{ part: "settings", what: "width", planned: "64", found: "128" }],
  };

  it("says when it was planned, whether it is met, and in what the run departs from it", () => {
    expect(describeVerdict(plan)).toBe(
      "The decision rule is not met: 0 of 1 criteria. It was planned at 2026-01-01T00:00:00.000Z; the run began at " +
        "2026-01-02T00:00:00.000Z. The run departs from its plan in 1 point.",
    );
    const reproduction = { command: null, capturesSha256: null, packages: {}, node: "v20" };
    const markdown = formatSummaryMarkdown({ ...summary, plan }, reproduction);
    expect(markdown).toContain(
      "| groups over \\|t\\| = 3: more than the 99th percentile of their null | 9, null p99 9.5 | not met |",
    );
    expect(markdown).toContain("- width: 64 in the plan, 128 in the run");
    expect(markdown).toContain("And \\*both\\* halves \\| \\<b>agree\\</b>.");
    expect(formatSummaryMarkdown(summary, reproduction)).not.toContain("## The plan");
  });
});
