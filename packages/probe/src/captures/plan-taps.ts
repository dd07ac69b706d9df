import {
  listOutputProjections,
  type Checkpoint,
  type OutputProjection,
} from "@measure-plantain/flux-runtime";
import type { SectionSpec, TapSpec } from "@measure-plantain/head-hooks";

/** Channels per unit of the published accounting. */
const PUBLISHED_GROUP_SIZE = 16;

/** What can be tapped beyond the projections that the published probe taps. */
export const optionalTaps = ["to_add_out"] as const;
/** A projection that a probe can capture beyond those of the published one. */
export type OptionalTap = (typeof optionalTaps)[number];

/** The graph inputs by which a hooked transformer is told where the segments of each token stream lie. */
export const segmentInputs = { all: "segments.all", image: "segments.image", text: "segments.text" } as const;

/** The taps that the probe sets, in the order of the captured units. */
export function planTaps(checkpoint: Checkpoint, optional: readonly OptionalTap[]): TapSpec[] {
  return listOutputProjections(checkpoint.transformer.config)
    .filter(({ tokens }) => tokens !== "text" || optional.includes("to_add_out"))
    .map((projection) => ({
      at: projection.node,
      sections: sectionsOf(projection),
      segmentsInput: segmentInputs[projection.tokens],
    }));
}

/**
 * Channels per unit: 16 as published, or the largest part of it that no head and no section is cut by.
 */
export function chooseGroupSize(checkpoint: Checkpoint): number {
  const inputs = listOutputProjections(checkpoint.transformer.config).flatMap(
    (projection) => projection.inputs,
  );
  return inputs
    .flatMap(({ channels, headSize }) => (headSize === undefined ? [channels] : [channels, headSize]))
    .reduce(greatestCommonDivisor, PUBLISHED_GROUP_SIZE);
}

function sectionsOf({ block, tokens, inputs }: OutputProjection): SectionSpec[] {
  const path = `${block.kind}.${block.index}`;
  return inputs.map(({ kind, channels, headSize }) => {
    if (tokens === "text") return { path: `${path}.to_add_out`, channels };
    const name = block.kind === "joint" ? "to_out" : kind === "attention" ? "attn" : "mlp";
    return {
      path: `${path}.${name}`,
      channels,
      ...(headSize !== undefined && { heads: { path, size: headSize } }),
    };
  });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
