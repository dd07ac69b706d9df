import type { LayoutSection, LayoutTap, UnitLayout } from "@measure-plantain/head-hooks";
import { auditPromptSet, type PromptSet } from "@measure-plantain/prompts";
import { compareAnalyses } from "../src/statistics/compare-analyses.ts";
import { type Analysis, analyzeCaptures } from "../src/statistics/analyze-captures.ts";
import type { ControlEvidence } from "../src/summary/control-summary.ts";
import type { Captures } from "@measure-plantain/probe";
import type { SummaryContext } from "../src/summary/summary.ts";

/** The shape of a synthetic network; the default is the full Klein 4B layout: 16,320 groups, 600 heads. */
export interface SyntheticShape {
  readonly jointBlocks?: number;
  readonly singleBlocks?: number;
  readonly headsPerBlock?: number;
  readonly headSize?: number;
  readonly groupSize?: number;
  readonly toAddOut?: boolean;
}

/** The layout that taps of such a network have. */
export function syntheticLayout({
  jointBlocks = 5,
  singleBlocks = 20,
  headsPerBlock = 24,
  headSize = 128,
  groupSize = 16,
  toAddOut = false,
}: SyntheticShape = {}): UnitLayout {
  const width = headsPerBlock * headSize;
  const taps: LayoutTap[] = [];
  const sections: LayoutSection[] = [];
  let unitCount = 0;
  let headCount = 0;
  const tap = (
    node: string,
    parts: { block: string; kind: string; channels: number; heads: boolean }[],
  ): void => {
    const firstUnit = unitCount;
    let firstChannel = 0;
    for (const { block, kind, channels, heads } of parts) {
      sections.push({
        path: `${block}.${kind}`,
        block,
        kind,
        tap: taps.length,
        firstChannel,
        channels,
        firstUnit: unitCount,
        unitCount: channels / groupSize,
        heads: heads ? { path: block, size: headSize, firstHead: headCount, count: headsPerBlock } : null,
      });
      unitCount += channels / groupSize;
      firstChannel += channels;
      if (heads) headCount += headsPerBlock;
    }
    taps.push({
      node,
      weight: `${node}.weight`,
      input: `${node}.input`,
      firstUnit,
      unitCount: unitCount - firstUnit,
      segmentsInput: null,
    });
  };
  for (let block = 0; block < jointBlocks; block++)
    tap(`transformer_blocks.${block}.attn.to_out.0`, [
      { block: `joint.${block}`, kind: "to_out", channels: width, heads: true },
    ]);
  for (let block = 0; block < singleBlocks; block++)
    tap(`single_transformer_blocks.${block}.attn.to_out`, [
      { block: `single.${block}`, kind: "attn", channels: width, heads: true },
      { block: `single.${block}`, kind: "mlp", channels: 3 * width, heads: false },
    ]);
  for (let block = 0; toAddOut && block < jointBlocks; block++)
    tap(`transformer_blocks.${block}.attn.to_add_out`, [
      { block: `joint.${block}`, kind: "to_add_out", channels: width, heads: false },
    ]);
  return { outputName: "mean_square", groupSize, unitCount, headCount, taps, sections };
}

/** What {@link syntheticCaptures} draws. */
export interface SyntheticOptions {
  readonly pairs?: number;
  readonly seed?: number;
  /** The block whose units answer to condition b, by up to this relative change of the root mean square. */
  readonly planted?: { readonly block: string; readonly effect: number };
  /** The block whose units answer to condition b by this relative change for each step of the pair's grade. */
  readonly graded?: {
    readonly block: string;
    readonly effect: number;
    readonly grades: readonly number[];
  };
  /** Text, noise and reference tokens apart, too; joint blocks see no text. */
  readonly segments?: boolean;
}

/**
 * Pseudo-random mean squares: every unit has a level of its own, every pair moves all units of a block a little, and
 * the units of the planted block answer to condition b.
 */
export function syntheticCaptures(
  layout: UnitLayout,
  { pairs = 25, seed = 1, planted, graded, segments = false }: SyntheticOptions = {},
): Captures {
  const normal = seededNormal(seed);
  const blocks = layout.sections.map(({ block, firstUnit, unitCount }) => ({ block, firstUnit, unitCount }));
  const level = Float64Array.from({ length: layout.unitCount }, () => Math.exp(-1 + 0.6 * normal()));
  const answer = Float64Array.from({ length: layout.unitCount }, () => normal());
  const data = new Float32Array(pairs * 2 * layout.unitCount);
  for (let pair = 0; pair < pairs; pair++)
    for (const { block, firstUnit, unitCount } of blocks) {
      const common = [0.02 * normal(), 0.02 * normal()];
      for (let unit = firstUnit; unit < firstUnit + unitCount; unit++)
        for (const condition of [0, 1]) {
          const effect =
            condition === 1 && block === planted?.block ? planted.effect * (answer[unit] ?? 0) : 0;
          const ofGrade =
            condition === 1 && block === graded?.block ? graded.effect * (graded.grades[pair] ?? 0) : 0;
          const rootMeanSquare =
            (level[unit] ?? 0) * Math.exp((common[condition] ?? 0) + 0.03 * normal() + effect + ofGrade);
          data[(2 * pair + condition) * layout.unitCount + unit] = rootMeanSquare ** 2;
        }
    }
  const shape = [pairs, 2, layout.unitCount] as const;
  const seesText = Array.from({ length: layout.unitCount }, (_, unit) =>
    layout.sections.some(
      ({ kind, firstUnit, unitCount }) =>
        kind !== "to_out" && unit >= firstUnit && unit < firstUnit + unitCount,
    ),
  );
  const part = (factor: (unit: number) => number): Captures["meanSquare"] => ({
    data: data.map((value, place) => value * factor(place % layout.unitCount) * Math.exp(0.05 * normal())),
    shape,
  });
  return {
    layout,
    meanSquare: { data, shape },
    ...(segments && {
      segments: {
        text: part((unit) => (seesText[unit] === true ? 2 : 0)),
        noise: part(() => 1),
        reference: part(() => 0.5),
      },
    }),
  };
}

/** A control of a run, analysed and held against it. */
export async function syntheticControl(
  { analysis, promptSet }: { readonly analysis: Analysis; readonly promptSet: PromptSet },
  {
    name,
    kind,
    set = promptSet.name,
    ...options
  }: SyntheticOptions & Pick<ControlEvidence, "name" | "kind"> & { readonly set?: string },
  layout: UnitLayout,
): Promise<ControlEvidence> {
  const { pairs, thresholds, flips } = analysis;
  const control = await analyzeCaptures(syntheticCaptures(layout, { pairs, ...options }), {
    thresholds,
    flips,
  });
  return {
    name,
    kind,
    promptSet: { ...promptSet, name: set },
    analysis: control,
    comparisons: await compareAnalyses(analysis, control),
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

/** Standard normal numbers from a seed (mulberry32, Box–Muller). */
function seededNormal(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
