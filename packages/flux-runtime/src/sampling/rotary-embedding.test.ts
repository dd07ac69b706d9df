import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../tensor.ts";
import { latentPositionIds } from "./position-ids.ts";
import { createRotaryEmbedding } from "./rotary-embedding.ts";

const positions = (...rows: number[][]): Tensor => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 0],
});

describe("createRotaryEmbedding(ids, { axesDims, theta })", () => {
  it("gives each pair of channels the angle position · theta^(−2i / dim) of its axis, axes in order", () => {
    const { cos, sin } = createRotaryEmbedding(positions([3, 5]), { axesDims: [4, 2], theta: 100 });
    expect(cos.shape).toEqual([1, 3]);
    expect([...cos.data]).toEqual([3, 3 / 10, 5].map((angle) => Math.fround(Math.cos(angle))));
    expect([...sin.data]).toEqual([3, 3 / 10, 5].map((angle) => Math.fround(Math.sin(angle))));
  });

  it("turns nothing at position 0", () => {
    const { cos, sin } = createRotaryEmbedding(positions([0, 0, 0, 0]), {
      axesDims: [2, 2, 2, 2],
      theta: 2000,
    });
    expect([...cos.data]).toEqual([1, 1, 1, 1]);
    expect([...sin.data]).toEqual([0, 0, 0, 0]);
  });

  it("has 64 columns for Klein's axes and depends on each token's own position only", () => {
    const options = { axesDims: [32, 32, 32, 32], theta: 2000 };
    const grid = createRotaryEmbedding(latentPositionIds({ height: 2, width: 3 }), options);
    expect(grid.cos.shape).toEqual([6, 64]);
    const alone = createRotaryEmbedding(positions([0, 1, 2, 0]), options);
    expect(grid.sin.data.slice(5 * 64)).toEqual(alone.sin.data);
  });

  it("keeps float64 angles: far positions are as exact as near ones", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 20 }), (position) => {
        const { cos, sin } = createRotaryEmbedding(positions([position]), { axesDims: [32], theta: 2000 });
        cos.data.forEach((value, i) => {
          expect(value ** 2 + (sin.data[i] ?? 0) ** 2).toBeCloseTo(1, 6);
        });
        expect(cos.data[0]).toBe(Math.fround(Math.cos(position)));
      }),
    );
  });

  it("refuses ids with another number of axes, and odd dimensions", () => {
    expect(() => createRotaryEmbedding(positions([0, 0]), { axesDims: [2], theta: 10 })).toThrow(
      /must be \[S, 1\].*are \[1, 2\]/,
    );
    expect(() => createRotaryEmbedding(positions([0]), { axesDims: [3], theta: 10 })).toThrow(/even/);
  });
});
