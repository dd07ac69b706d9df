import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { smallLayout as layout } from "../../test/small-layout.ts";
import { poolSegments } from "./pool-segments.ts";

describe("poolSegments", () => {
  it("weighs each segment by its tokens, whatever the order of the segments", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ tokens: fc.nat(20), ms: fc.nat(100) }), { minLength: 1, maxLength: 5 }),
        (rows) => {
          fc.pre(rows.some(({ tokens }) => tokens > 0));
          const pool = (order: typeof rows): number[] => {
            const data = Float32Array.from(order.flatMap(({ ms }) => Array<number>(6).fill(ms)));
            const ranges = order.map(({ tokens }) => [100, 100 + tokens] as const);
            return [
              ...poolSegments({ data, shape: [1, order.length, 6] }, layout, { segments: ranges }).data,
            ];
          };
          const total = rows.reduce((sum, { tokens }) => sum + tokens, 0);
          const expected = rows.reduce((sum, { tokens, ms }) => sum + tokens * ms, 0) / total;
          for (const pooled of [...pool(rows), ...pool(rows.toReversed())])
            expect(pooled).toBeCloseTo(expected, 9);
        },
      ),
    );
  });

  it("refuses missing, mis-counted or empty ranges and an output without segments", () => {
    const captured = { data: new Float32Array(12), shape: [1, 2, 6] };
    expect(() => poolSegments(captured, layout, {})).toThrow(
      /expected 2 ranges for "segments"; received none/,
    );
    expect(() => poolSegments(captured, layout, { segments: [[0, 1]] })).toThrow(/received 1/);
    expect(() =>
      poolSegments(captured, layout, {
        segments: [
          [0, 0],
          [3, 3],
        ],
      }),
    ).toThrow(/hold no token/);
    expect(() => poolSegments({ ...captured, shape: [2, 6] }, layout, { segments: [] })).toThrow(
      /batch, segments, units/,
    );
    const taps = layout.taps.map((tap) => ({ ...tap, segmentsInput: null }));
    expect(() => poolSegments(captured, { ...layout, taps }, {})).toThrow(/without segments/);
  });

  it("refuses maxima, roots, and tokens that a mask has chosen", () => {
    const captured = { data: new Float32Array(12), shape: [1, 2, 6] };
    const ranges = {
      segments: [
        [0, 1],
        [1, 2],
      ],
    } as const;
    expect(() => poolSegments(captured, { ...layout, reduction: "absMax" }, ranges)).toThrow(/absMax/);
    const taps = layout.taps.map((tap) => ({ ...tap, maskInput: "attention_mask" }));
    expect(() => poolSegments(captured, { ...layout, taps }, ranges)).toThrow(/attention_mask/);
  });
});
