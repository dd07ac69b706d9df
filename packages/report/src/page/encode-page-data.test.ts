import { unitRecords } from "@measure-plantain/head-hooks";
import { expect, test } from "vitest";
import { syntheticLayout } from "../../test/synthetic-probe.ts";
import { placeUnits } from "./encode-page-data.ts";

test("placeUnits puts a block's kinds next to each other, in one run each", () => {
  const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 1, headsPerBlock: 2, headSize: 32 });
  expect(placeUnits(unitRecords(layout))).toEqual({
    rows: ["joint.0", "single.0"],
    runs: [
      { row: 0, kind: "to_out", first: 0, units: 4, start: 0, step: 16 },
      { row: 1, kind: "attn", first: 4, units: 4, start: 0, step: 16 },
      { row: 1, kind: "mlp", first: 8, units: 12, start: 64, step: 16 },
    ],
    channels: 256,
  });
});
