import { auditPromptSet, type PromptSet } from "@measure-plantain/prompts";
import {
  syntheticCaptures,
  type SyntheticOptions,
  syntheticLayout,
} from "../../probe/test/synthetic-captures.ts";
import type { Captures, Replicate } from "@measure-plantain/probe";
import { type Analysis, analyzeCaptures } from "../src/statistics/analyze-captures.ts";
import { compareAnalyses } from "../src/statistics/compare-analyses.ts";
import type { SummarizedControl } from "../src/summary/control-summary.ts";
import { summarize } from "../src/summary/summarize.ts";
import type { SummaryContext } from "../src/summary/summary-context.ts";

export { syntheticCaptures, syntheticLayout } from "../../probe/test/synthetic-captures.ts";

/** Ten pairs of which one block responds, in a network of a joint block and two single ones. */
export const smallCaptures: Captures = syntheticCaptures(
  syntheticLayout({ jointBlocks: 1, singleBlocks: 2, headsPerBlock: 2, headSize: 32 }),
  { pairs: 10, planted: { block: "single.1", effect: 0.3 }, segments: true },
);

/** The statistics of {@link smallCaptures}. */
export function analyzeSmall(): Promise<Analysis> {
  return analyzeCaptures(smallCaptures, { flips: 40, seed: 3 });
}

/** Captures of repeated passes, under noise of their own, in which all units of a block respond as told; and their mean. */
export function syntheticRepetitions(
  layout: ReturnType<typeof syntheticLayout>,
  replicates: readonly Replicate[],
  {
    pairs = 10,
    plant,
  }: { readonly pairs?: number; readonly plant: (of: Replicate) => SyntheticOptions["planted"] },
): Captures {
  const each = replicates.map((replicate, place) => {
    const { meanSquare } = syntheticCaptures(layout, { pairs, seed: 50 + place });
    const { block, effect } = plant(replicate) ?? { block: "", effect: 0 };
    const planted = layout.sections.filter((section) => section.block === block);
    const data = meanSquare.data.map((value, at) => {
      const [row, unit] = [Math.floor(at / layout.unitCount), at % layout.unitCount];
      const responds = planted.some(
        ({ firstUnit, unitCount }) => unit >= firstUnit && unit < firstUnit + unitCount,
      );
      return row % 2 === 1 && responds ? value * (1 + effect) ** 2 : value;
    });
    return { ...meanSquare, data };
  });
  const [first] = each;
  if (first === undefined) throw new RangeError("replicates: expected one or more");
  const mean = first.data.map(
    (_, at) => each.reduce((sum, { data }) => sum + (data[at] ?? NaN), 0) / each.length,
  );
  const data = new Float32Array(each.length * mean.length);
  for (const [place, one] of each.entries()) data.set(one.data, place * mean.length);
  return {
    layout,
    meanSquare: { data: mean, shape: first.shape },
    replicates: { data, shape: [each.length, ...first.shape] },
  };
}

/** A control of a run, analysed and compared with it. */
export async function syntheticControl(
  { analysis, context }: { readonly analysis: Analysis; readonly context: SummaryContext },
  {
    name,
    kind,
    set = context.promptSet.name,
    ...options
  }: SyntheticOptions & Pick<SummarizedControl, "name" | "kind"> & { readonly set?: string },
  layout: ReturnType<typeof syntheticLayout>,
): Promise<SummarizedControl> {
  const { pairs, thresholds, flips } = analysis;
  const control = await analyzeCaptures(syntheticCaptures(layout, { pairs, ...options }), {
    thresholds,
    flips,
  });
  return {
    name,
    kind,
    summary: summarize(control, { ...context, promptSet: { ...context.promptSet, name: set } }),
    comparison: {
      name,
      differences: [],
      notices: [],
      unpaired: null,
      granularities: await compareAnalyses(analysis, control),
    },
  };
}

/** A prompt set whose texts no page or table may take for markup, with its audit (words for tokens) and, where given, a grade a pair. */
export function syntheticContext(pairs = 25, grades?: readonly number[]): SummaryContext {
  const awkward: [string, string][] = [
    ['A <b>tiny</b> "object" & nothing else', 'A <img src=x onerror="alert(1)"> "object" & nothing else'],
    ["=1+1 a speck-sized object", "=1+1 a city-sized object 🏙️"],
    ["جسم صغير جدا", "جسم كبير جدا مثل جبل"],
    ["An object | 1 mm `wide`", "An object | 1 km `wide`</script><script>alert(2)</script>"],
  ];
  const promptSet: PromptSet = {
    name: "synthetic",
    version: "1.0.0",
    title: "Claimed size <of> an object & its label",
    labels: { a: "small", b: "large" },
    pairs: Array.from({ length: pairs }, (_, pair) => {
      const [a, b] = awkward[pair] ?? [
        `A ${pair}-millimeter object${pair % 5 === 0 ? " here" : ""}`,
        `A ${pair}-kilometer object`,
      ];
      return { id: `pair-${pair}`, a, b, ...(grades && { grade: grades[pair] ?? 0 }) };
    }),
  };
  return {
    checkpoint: { id: "tiny", isSynthesized: true },
    promptSet,
    audit: auditPromptSet(promptSet, { countTokens: (text) => text.split(/[\s-]+/).length }),
    device: "cpu",
  };
}
