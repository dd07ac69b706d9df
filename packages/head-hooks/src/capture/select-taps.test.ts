import { describe, expect, it } from "vitest";
import { errorOf } from "../../test/error-of.ts";
import type { Projection } from "../attention/projection.ts";
import type { TapSpec } from "../attention/tap-spec.ts";
import { selectTaps } from "./select-taps.ts";

function projection(node: string, inputChannels = 32): Projection {
  const weight = `${node}.weight`;
  return {
    node,
    nodeIndex: 0,
    op: "MatMul",
    weight,
    input: `${node}.x`,
    inputChannels,
    inputAxes: [inputChannels],
    outputChannels: 8,
    elementType: "float32",
    bias: null,
    names: [node, weight, node].filter((name) => name !== ""),
    path: node || weight,
    scope: "",
    readerIndex: 0,
    quantization: null,
    twin: null,
  };
}

const projections = [
  projection("transformer_blocks.0.attn.to_out.0"),
  projection("transformer_blocks.1.attn.to_out.0"),
  projection("single_transformer_blocks.0.attn.to_out.0", 48),
];

function select(taps: TapSpec[], groupSize = 8): ReturnType<typeof selectTaps> {
  return selectTaps(projections, taps, { groupSize, outputName: "mean_square", segmentsInput: null });
}

describe("selectTaps", () => {
  it("takes a literal name for the node, the weight, and the weight without .weight", () => {
    const names = ["blocks.0.out.weight", "blocks.0.out"];
    const anonymous = [{ ...projection(""), weight: "blocks.0.out.weight", names }];
    for (const at of ["blocks.0.out", "blocks.0.out.weight", /out\.weight$/]) {
      const options = { groupSize: 8, outputName: "o", segmentsInput: null };
      expect(selectTaps(anonymous, [{ at, path: "a" }], options).taps).toHaveLength(1);
    }
  });

  it("does not take a block's name inside another's", () => {
    const { layout } = select([{ at: "transformer_blocks.*.attn.to_out.0" }]);
    expect(layout.taps.map(({ node }) => node)).toEqual(projections.slice(0, 2).map(({ node }) => node));
    expect(layout.sections[0]?.path).toBe("transformer_blocks.0.attn.to_out.0");
  });

  it("lays out sections, heads and labels, and places of the units", () => {
    const { layout } = select([
      {
        at: "single_transformer_blocks.*.**",
        sections: [
          { path: "single.{1}.attn", channels: 32, heads: { path: "single.{1}", size: 16 } },
          { path: "s{1}", channels: 16, block: "block {1}", kind: "mlp" },
        ],
      },
      { at: "transformer_blocks.1.**", path: "joint" },
    ]);
    expect(layout.sections).toEqual([
      {
        path: "single.0.attn",
        block: "single.0",
        kind: "attn",
        tap: 0,
        firstChannel: 0,
        channels: 32,
        firstUnit: 0,
        unitCount: 4,
        heads: { path: "single.0", size: 16, firstHead: 0, count: 2 },
      },
      {
        path: "s0",
        block: "block 0",
        kind: "mlp",
        tap: 0,
        firstChannel: 32,
        channels: 16,
        firstUnit: 4,
        unitCount: 2,
        heads: null,
      },
      {
        path: "joint",
        block: "joint",
        kind: "joint",
        tap: 1,
        firstChannel: 0,
        channels: 32,
        firstUnit: 6,
        unitCount: 4,
        heads: null,
      },
    ]);
  });

  it("names the nearest names when nothing matches", () => {
    const error = errorOf(() => select([{ at: "transformer_blocks.*.attn.to_out" }]));
    expect(error.code).toBe("no-match");
    expect(error.message).toContain("transformer_blocks.0.attn.to_out.0");
    expect(error.details["nearest"]).toHaveLength(5);
  });

  it("says so when the model has no projections at all", () => {
    const options = { groupSize: 8, outputName: "o", segmentsInput: null };
    const error = errorOf(() => selectTaps([], [{ at: "a" }], options));
    expect(error).toMatchObject({
      code: "no-match",
      message: expect.stringContaining("no node that multiplies by a constant matrix") as string,
    });
  });

  it("refuses a projection that two taps match", () => {
    const error = errorOf(() =>
      select([{ at: "transformer_blocks.0.**" }, { at: /blocks\.0/, path: "a.{0}" }]),
    );
    expect(error.code).toBe("tapped-twice");
  });

  it("refuses units that would share an address, and heads that would", () => {
    expect(errorOf(() => select([{ at: "transformer_blocks.*.**", path: "joint" }])).code).toBe(
      "duplicate-address",
    );
    const heads = { path: "joint", size: 16 };
    expect(errorOf(() => select([{ at: "transformer_blocks.*.**", path: "joint.{1}", heads }])).code).toBe(
      "duplicate-address",
    );
  });

  it("refuses sections that do not add up to the input", () => {
    const sections = [
      { path: "a", channels: 16 },
      { path: "b", channels: 8 },
    ];
    const error = errorOf(() => select([{ at: "transformer_blocks.0.**", sections }]));
    expect(error).toMatchObject({
      code: "section-width",
      message: expect.stringContaining("16 + 8 = 24") as string,
    });
  });

  it("refuses channels that the group size does not divide, and heads that groups do not fill", () => {
    expect(errorOf(() => select([{ at: "transformer_blocks.0.**" }], 5)).code).toBe("group-size");
    for (const size of [12, 20]) {
      const heads = { path: "a", size };
      expect(errorOf(() => select([{ at: "transformer_blocks.0.**", heads }])).code).toBe("head-size");
    }
  });

  it("refuses options that make no sense", () => {
    const section = { path: "a", channels: 32 };
    for (const taps of [
      [],
      [{ at: "transformer_blocks.0.**", path: "a b" }],
      [{ at: "transformer_blocks.0.**", path: "a", sections: [section] }],
      [{ at: "transformer_blocks.0.**", sections: [{ path: "a", channels: -32 }] }],
      [{ at: "transformer_blocks.0.**", heads: { path: "a", size: 0 } }],
    ]) {
      expect(errorOf(() => select(taps)).code).toBe("invalid-argument");
    }
    expect(errorOf(() => select([{ at: "a" }], 0)).code).toBe("invalid-argument");
  });
});
