import type {
  Device,
  PromptEmbedding,
  SessionTensor,
  SessionTensors,
  TokenLayout,
} from "@measure-plantain/flux-runtime";
import type { RangeType, UnitLayout } from "@measure-plantain/head-hooks";
import { valueAt } from "../reading.ts";
import { segmentInputs } from "./plan-taps.ts";

/** The token segments, in the order of a pass's tokens. */
export const segmentNames = ["template", "prompt", "padding", "noise", "reference"] as const;

/**
 * A part of the tokens: the chat template's around the prompt, the prompt's own, the padding behind both, those of the
 * image to be, those of the fixed image.
 */
export type SegmentName = (typeof segmentNames)[number];

/** The segments of the ranges that are captured, in their order: the template stands on both sides of the prompt. */
const rangeSegments: readonly SegmentName[] = [
  "template",
  "prompt",
  "template",
  "padding",
  "noise",
  "reference",
];

type Range = readonly [start: number, stop: number];

/** For each graph input, the ranges of its token stream. */
export type SegmentRanges = Readonly<Record<string, readonly Range[]>>;

/** Which of a pass's text tokens are what. */
export type TextTokens = Pick<PromptEmbedding, "promptTokens" | "tokenCount">;

/** Where the ranges lie in each of the transformer's token streams; an empty range where a stream lacks one. */
export function segmentRanges(
  { text, noise, reference }: TokenLayout,
  { promptTokens: [start, stop], tokenCount }: TextTokens,
): SegmentRanges {
  const none: Range = [0, 0];
  const ofText: Range[] = [
    [0, start],
    [start, stop],
    [stop, tokenCount],
    [tokenCount, text],
  ];
  const ofImages = (first: number): Range[] => [
    [first, first + noise],
    [first + noise, first + noise + reference],
  ];
  return {
    [segmentInputs.all]: [...ofText, ...ofImages(text)],
    [segmentInputs.image]: [...ofText.map(() => none), ...ofImages(0)],
    [segmentInputs.text]: [...ofText, none, none],
  };
}

/** The type in which a graph on this device takes its ranges: WebGPU computes with no integers of 64 bits. */
export function rangeTypeOf(device: Device): RangeType {
  return device === "webgpu" ? "float32" : "int64";
}

/** The ranges as the hooked graph takes them: [K, 2] of its type for each input. */
export function rangeTensors(ranges: SegmentRanges, type: RangeType): SessionTensors {
  const tensors = Object.entries(ranges).map(([input, rows]): [string, SessionTensor] => {
    const [bounds, shape] = [rows.flat(), [rows.length, 2]];
    return type === "int64"
      ? [input, { type, data: BigInt64Array.from(bounds, BigInt), shape }]
      : [input, { type, data: Float32Array.from(bounds), shape }];
  });
  return Object.fromEntries(tensors);
}

/**
 * The mean squares [units] over the tokens of one segment, or of all: Σ n·ms / Σ n over its ranges, n the tokens of each.
 *
 * @param data - [K, units], as captured with K ranges.
 * @returns 0 for the units of a projection that sees none of the tokens.
 */
export function poolRanges(
  data: Float32Array,
  layout: UnitLayout,
  ranges: SegmentRanges,
  segment: SegmentName | "all",
): Float32Array {
  const pooled = new Float32Array(layout.unitCount);
  for (const { firstUnit, unitCount, segmentsInput } of layout.taps) {
    const own = (ranges[segmentsInput ?? ""] ?? []).flatMap(([start, stop], place) =>
      segment === "all" || rangeSegments[place] === segment ? [{ place, count: stop - start }] : [],
    );
    const total = own.reduce((sum, { count }) => sum + count, 0);
    if (total === 0) continue;
    for (let unit = firstUnit; unit < firstUnit + unitCount; unit += 1) {
      let sum = 0;
      for (const { place, count } of own) sum += count * valueAt(data, place * layout.unitCount + unit);
      pooled[unit] = sum / total;
    }
  }
  return pooled;
}
