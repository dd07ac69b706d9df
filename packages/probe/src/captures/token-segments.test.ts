import { describe, expect, it } from "vitest";
import { syntheticLayout } from "../../test/synthetic-captures.ts";
import { segmentInputs } from "./plan-taps.ts";
import { poolRanges, segmentNames, segmentRanges } from "./token-segments.ts";

const tokens = { text: 12, noise: 4, reference: 3 };
const text = { promptTokens: [3, 6], tokenCount: 9 } as const;
const ranges = segmentRanges(tokens, text);

describe("segmentRanges(layout, text)", () => {
  it("covers every token of each stream once, with the template on both sides of the prompt", () => {
    expect(ranges).toEqual({
      "segments.all": [
        [0, 3],
        [3, 6],
        [6, 9],
        [9, 12],
        [12, 16],
        [16, 19],
      ],
      "segments.image": [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 4],
        [4, 7],
      ],
      "segments.text": [
        [0, 3],
        [3, 6],
        [6, 9],
        [9, 12],
        [0, 0],
        [0, 0],
      ],
    });
  });
});

describe("poolRanges(data, layout, ranges, segment)", () => {
  const plain = syntheticLayout({
    jointBlocks: 1,
    singleBlocks: 1,
    headsPerBlock: 2,
    headSize: 16,
    toAddOut: true,
  });
  const streams = [segmentInputs.image, segmentInputs.all, segmentInputs.text];
  const layout = {
    ...plain,
    taps: plain.taps.map((tap, place) => ({ ...tap, segmentsInput: streams[place] ?? null })),
  };
  // A mean square for each token and unit; what is captured of a range is its mean.
  const square = (token: number, unit: number): number => (1 + token) * (1 + unit);
  const meanOver = (list: readonly number[], unit: number): number =>
    list.reduce((sum, token) => sum + square(token, unit), 0) / Math.max(1, list.length);
  const tokensOf = ([start, stop]: readonly [number, number]): number[] =>
    Array.from({ length: stop - start }, (_, index) => start + index);
  const streamOf = (unit: number): string =>
    layout.taps.find(({ firstUnit, unitCount }) => unit >= firstUnit && unit < firstUnit + unitCount)
      ?.segmentsInput ?? "";
  const captured = Float32Array.from({ length: 6 * layout.unitCount }, (_, place) => {
    const unit = place % layout.unitCount;
    return meanOver(tokensOf(ranges[streamOf(unit)]?.[Math.floor(place / layout.unitCount)] ?? [0, 0]), unit);
  });

  it("is the mean over the segment's tokens, the template's from both sides, and 0 where a projection sees none", () => {
    const places = { template: [0, 2], prompt: [1], padding: [3], noise: [4], reference: [5] };
    for (const segment of segmentNames) {
      const pooled = poolRanges(captured, layout, ranges, segment);
      for (const [unit, value] of pooled.entries()) {
        const list = places[segment].flatMap((place) => tokensOf(ranges[streamOf(unit)]?.[place] ?? [0, 0]));
        expect(value).toBeCloseTo(meanOver(list, unit), 4);
      }
    }
  });

  it("of all segments is the mean over all tokens", () => {
    const pooled = poolRanges(captured, layout, ranges, "all");
    const lengths: Record<string, number> = { "segments.all": 19, "segments.image": 7, "segments.text": 12 };
    for (const [unit, value] of pooled.entries())
      expect(value).toBeCloseTo(meanOver(tokensOf([0, lengths[streamOf(unit)] ?? 0]), unit), 4);
  });
});
