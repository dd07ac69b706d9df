import type { LayoutSection, LayoutTap, UnitLayout } from "@measure-plantain/head-hooks";
import type { Captures } from "../src/captures/granularities.ts";

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
  /** Every token segment apart, too; joint blocks see no text. */
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
        template: part((unit) => (seesText[unit] === true ? 3 : 0)),
        prompt: part((unit) => (seesText[unit] === true ? 2 : 0)),
        padding: part((unit) => (seesText[unit] === true ? 1 : 0)),
        noise: part(() => 1),
        reference: part(() => 0.5),
      },
    }),
  };
}

/** Standard normal numbers from a seed (mulberry32, Box–Muller). */
export function seededNormal(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
