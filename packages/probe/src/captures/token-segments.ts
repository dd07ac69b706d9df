import type { SessionTensors, TokenLayout } from "@measure-plantain/flux-runtime";
import { segmentInputs } from "./plan-taps.ts";

/** The token segments in their order within the captured tensor. */
export const segmentNames = ["text", "noise", "reference"] as const;

/** A part of the tokens: the prompt's, those of the image to be, those of the fixed image. */
export type SegmentName = (typeof segmentNames)[number];

type Range = readonly [start: number, stop: number];

/** For each graph input, the ranges of its token stream. */
export type SegmentRanges = Readonly<Record<string, readonly Range[]>>;

/** Where the segments lie in each of the transformer's token streams; an empty range where a stream lacks one. */
export function segmentRanges({ text, noise, reference }: TokenLayout): SegmentRanges {
  const none: Range = [0, 0];
  return {
    [segmentInputs.all]: [
      [0, text],
      [text, text + noise],
      [text + noise, text + noise + reference],
    ],
    [segmentInputs.image]: [none, [0, noise], [noise, noise + reference]],
    [segmentInputs.text]: [[0, text], none, none],
  };
}

/** The ranges as the hooked graph takes them: int64 [K, 2] for each input. */
export function rangeTensors(ranges: SegmentRanges): SessionTensors {
  return Object.fromEntries(
    Object.entries(ranges).map(([input, rows]) => [
      input,
      { type: "int64", data: BigInt64Array.from(rows.flat(), BigInt), shape: [rows.length, 2] } as const,
    ]),
  );
}
