import type { Projection } from "../src/attention/projection.ts";
import { selectTaps } from "../src/capture/select-taps.ts";
import type { UnitLayout } from "../src/units/unit-layout.ts";

const projection: Projection = {
  node: "out",
  nodeIndex: 0,
  op: "MatMul",
  weight: "w",
  input: "x",
  inputChannels: 12,
  inputAxes: [12],
  outputChannels: 4,
  elementType: "float32",
  bias: null,
  names: ["out", "w"],
  path: "out",
  scope: "",
  readerIndex: 0,
  quantization: null,
  twin: null,
};
/** Two units of no head, then two heads of two units each. */
export const smallLayout: UnitLayout = selectTaps(
  [projection],
  [
    {
      at: "out",
      sections: [
        { path: "b.mlp", channels: 4 },
        { path: "b.attn", channels: 8, heads: { path: "b", size: 4 } },
      ],
    },
  ],
  { groupSize: 2, outputName: "mean_square", segmentsInput: "segments" },
).layout;
