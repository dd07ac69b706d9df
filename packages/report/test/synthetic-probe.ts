import { auditPromptSet, type PromptSet } from "@measure-plantain/prompts";
import {
  syntheticCaptures,
  type SyntheticOptions,
  syntheticLayout,
} from "../../probe/test/synthetic-captures.ts";
import type { Captures } from "@measure-plantain/probe";
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
