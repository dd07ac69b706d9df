import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unitAt, zoomView } from "./heat-map-view.ts";

const runs = [
  { row: 0, kind: "to_out", first: 0, units: 4, start: 0, step: 16 },
  { row: 1, kind: "attn", first: 4, units: 4, start: 0, step: 16 },
  { row: 1, kind: "mlp", first: 8, units: 12, start: 64, step: 16 },
];

test.each([
  [0, 0, 0],
  [0, 63.9, 3],
  [0, 64, -1],
  [1, 63.9, 7],
  [1, 64, 8],
  [1, 255.9, 19],
  [2, 0, -1],
  [0, -1, -1],
])("row %d, channel %d is unit %d", (row, channel, unit) => {
  expect(unitAt({ runs }, row, channel)).toBe(unit);
});

describe("zoomView", () => {
  test("keeps the channel that it zooms around where it is", () => {
    expect(zoomView({ from: 0, to: 1000 }, 2, 250, 1000, 1)).toEqual({ from: 125, to: 625 });
  });

  test("stays within the blocks and shows 8 units or more", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0.1, max: 10, noNaN: true }), fc.nat(1000))),
        (zooms) => {
          let view = { from: 0, to: 1000 };
          for (const [factor, around] of zooms) view = zoomView(view, factor, around, 1000, 16);
          expect(view.from).toBeGreaterThanOrEqual(0);
          expect(view.to).toBeLessThanOrEqual(1000 + 1e-9);
          expect(view.to - view.from).toBeGreaterThanOrEqual(128 - 1e-9);
        },
      ),
    );
  });
});
