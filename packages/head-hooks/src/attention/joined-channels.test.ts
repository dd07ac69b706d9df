import { TensorProto_DataType } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { attentionNodes, attentionWeights, C, D, H, weights } from "../../test/attention-forms.ts";
import { model, type ModelParts, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { meanSquareOf, relativeError, runModel, type Tensor } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import { attentionTaps } from "./attention-taps.ts";
import { findAttentionProjections } from "./find-attention.ts";
import type { TapSpec } from "./tap-spec.ts";

type Node = ModelParts["nodes"][number];

/** Channels of attention and others on their way to a projection of `width` channels that takes `joined`. */
interface Form {
  readonly title: string;
  readonly nodes: Node[];
  readonly width: number;
}

/** A value of which the graph does not show the shape: a run gives it. */
const hide = (input: string): Node => node("Reshape", [input, `${input}.shape`], `${input}.hidden`);
const concat = (inputs: string[], output = "joined", axis = -1): Node =>
  node("Concat", inputs, output, { axis });
const hidden = [hide("merged"), hide("mlp")];
/** A value [B, S, C] as [B, heads, S, channels of a head]. */
const headsFirst = (input: string): Node[] => [
  node("Reshape", [input, "heads_shape"], `${input}.heads`),
  node("Transpose", [`${input}.heads`], `${input}.turned_heads`, { perm: [0, 2, 1, 3] }),
];

const B = 2;
const S = 5;
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  "merged.shape": [B, S, C],
  "mlp.shape": [B, S, C],
  "joined0.shape": [B, S, 2 * C],
  "rows.shape": [B * S, C],
  "other_rows.shape": [B * S, C],
};

/** The graph shows which channels are attention's: the sections, as `name channels` or `name channels:heads`. */
const shown: (Form & { readonly sections: readonly string[] })[] = [
  {
    title: "an MLP of unknown width",
    nodes: [hide("mlp"), concat(["merged", "mlp.hidden"])],
    width: 2 * C,
    sections: [`attn ${C}:${H}`, `other ${C}`],
  },
  {
    title: "an MLP first",
    nodes: [hide("mlp"), concat(["mlp.hidden", "merged"])],
    width: 2 * C,
    sections: [`other ${C}`, `attn ${C}:${H}`],
  },
  {
    title: "three parts, one of them within a Concat of its own, behind a gate",
    nodes: [
      ...[hide("mlp"), concat(["merged", "mlp.hidden"], "two"), concat(["two", "x"], "three")],
      node("Sigmoid", ["three"], "gate"),
      node("Mul", ["three", "gate"], "joined"),
    ],
    width: 3 * C,
    sections: [`attn ${C}:${H}`, `other ${C}`, `other ${C}`],
  },
  {
    title: "attention twice",
    nodes: [node("Mul", ["merged", "half"], "again"), concat(["merged", "mlp", "again"])],
    width: 3 * C,
    sections: [`attn ${C}:${H}`, `other ${C}`, `attn ${C}:${H}`],
  },
];

/** The graph does not show it. */
const notShown: Form[] = [
  {
    title: "both of unknown width",
    nodes: [...hidden, concat(["merged.hidden", "mlp.hidden"])],
    width: 2 * C,
  },
  {
    title: "both of unknown width, the MLP first",
    nodes: [...hidden, concat(["mlp.hidden", "merged.hidden"])],
    width: 2 * C,
  },
  {
    title: "a Concat in a Concat",
    nodes: [...[...hidden, concat(["merged.hidden", "mlp.hidden"], "two"), concat(["x", "two"])]],
    width: 3 * C,
  },
  {
    title: "attention twice, of unknown width",
    nodes: [...hidden, concat(["merged.hidden", "merged.hidden"])],
    width: 2 * C,
  },
  {
    title: "a slice through both",
    nodes: [concat(["merged", "mlp"], "joined0"), node("Slice", ["joined0", "from", "to", "last"], "joined")],
    width: C,
  },
  {
    title: "a split through both, put together the other way round",
    nodes: [
      concat(["merged", "mlp"], "joined0"),
      node("Split", ["joined0", "shares"], ["first", "second"], { axis: -1 }),
      concat(["second", "first"]),
    ],
    width: 2 * C,
  },
  {
    title: "a reshape to an unknown width behind them",
    nodes: [
      ...[...hidden, concat(["merged.hidden", "mlp.hidden"], "joined0"), hide("joined0")],
      node("Identity", ["joined0.hidden"], "joined"),
    ],
    width: 2 * C,
  },
  {
    title: "rows on an axis that may be the last",
    nodes: [
      ...[node("Identity", ["merged"], "rows"), node("Identity", ["mlp"], "other_rows")],
      ...[hide("rows"), hide("other_rows"), concat(["rows.hidden", "other_rows.hidden"], "both", 1)],
      node("Reshape", ["both", "back"], "joined"),
    ],
    width: 2 * C,
  },
  {
    title: "heads next to others that no attention made",
    nodes: [
      ...["merged", "mlp"].flatMap(headsFirst),
      concat(["merged.turned_heads", "mlp.turned_heads"], "all_heads", 1),
      node("Transpose", ["all_heads"], "turned_back", { perm: [0, 2, 1, 3] }),
      node("Reshape", ["turned_back", "wide"], "joined"),
    ],
    width: 2 * C,
  },
  {
    title: "a choice channel by channel",
    nodes: [node("Where", ["is_attention", "merged", "mlp"], "joined")],
    width: C,
  },
];

function build({ nodes, width }: Form): { bytes: Uint8Array; feeds: Record<string, Tensor> } {
  const shapes = new Set(nodes.flatMap(({ input = [] }) => input.filter((name) => name in SHAPES)));
  const integers = (name: string, values: number[]): ReturnType<typeof tensor> =>
    tensor(name, [values.length], values, "int64");
  const bytes = model({
    nodes: [
      ...[...attentionNodes(), node("MatMul", ["x", "up.weight"], "mlp")],
      ...[node("Cast", ["every_other"], "is_attention", { to: TensorProto_DataType.BOOL }), ...nodes],
      node("MatMul", ["joined", "out.weight"], "y", {}, "", "out"),
    ],
    inputs: [
      value("x", ["B", "S", C]),
      ...[...shapes].map((name) => value(name, [SHAPES[name]?.length ?? 0], "int64")),
    ],
    outputs: [value("y", undefined), value("joined", undefined)],
    initializers: [
      ...[...attentionWeights(), weights("up.weight", C, C, 7), weights("out.weight", width, C, 8)],
      ...[integers("from", [D / 2]), integers("to", [D / 2 + C]), integers("half_way", [D / 2 + C / 2])],
      ...[integers("last", [-1]), integers("shares", [C / 2, (3 * C) / 2]), integers("back", [B, S, 2 * C])],
      ...[integers("wide", [0, 0, 2 * C]), integers("after", [0, 0, 0, 0, 0, C])],
      ...[
        integers("before", [0, 0, C, 0, 0, 0]),
        integers(
          "every_other",
          [...Array(C).keys()].map((c) => c % 2),
        ),
      ],
    ],
    opset: 17,
    irVersion: 8,
  });
  const feeds: Record<string, Tensor> = { x: { data: randomValues(B * S * C, 4), shape: [B, S, C] } };
  for (const name of shapes) {
    const shape = SHAPES[name] ?? [];
    feeds[name] = { data: BigInt64Array.from(shape, BigInt), shape: [shape.length] };
  }
  return { bytes, feeds };
}

/** The sections of the one tapped projection, as `name channels:heads`. */
function sectionsOf(taps: readonly TapSpec[]): string[] {
  return (taps[0]?.sections ?? []).map(({ kind, channels, heads }) =>
    heads !== undefined && "count" in heads
      ? `${kind ?? ""} ${channels}:${heads.count}`
      : `${kind ?? ""} ${channels}`,
  );
}

describe.each(shown)("attention side by side with $title", (form) => {
  const { bytes, feeds } = build(form);

  it("has its heads in its own channels, whether their number is given or not", () => {
    expect(sectionsOf(attentionTaps(bytes, { heads: H }))).toEqual(form.sections);
    expect(sectionsOf(attentionTaps(bytes))).toEqual(form.sections);
  });

  it("is captured unit by unit", async () => {
    const { model: hooked } = hookModel(bytes, { groupSize: D });
    const { joined, mean_square: captured } = await runModel(hooked, feeds);
    if (joined === undefined || captured === undefined) throw new Error("an output is missing");
    expect(relativeError(captured.data as Float32Array, meanSquareOf(joined, D))).toBeLessThan(1e-5);
  });
});

describe.each(notShown)("attention side by side with other channels: $title", (form) => {
  const { bytes, feeds } = build(form);

  it("takes no number of heads where the graph does not show which channels are whose", () => {
    for (const options of [{}, { heads: H }, { heads: 2 * H }]) {
      expect(errorOf(() => attentionTaps(bytes, options)).code).toBe("unknown-heads");
    }
    expect(errorOf(() => hookModel(bytes)).message).toContain("side by side");
    expect(findAttentionProjections(bytes)[0]?.parts.filter(({ kind }) => kind === "attention")).toEqual([]);
  });

  it("is captured where its sections are named", async () => {
    const sections = [
      { path: "first", channels: D, heads: { path: "first", count: 1 } },
      { path: "rest", channels: form.width - D },
    ];
    const { model: hooked, layout } = hookModel(bytes, { taps: [{ at: "out", sections }] });
    const { joined, mean_square: captured } = await runModel(hooked, feeds);
    if (joined === undefined || captured === undefined) throw new Error("an output is missing");
    expect(layout.headCount).toBe(1);
    expect(relativeError(captured.data as Float32Array, meanSquareOf(joined, D))).toBeLessThan(1e-5);
  });
});

it("a number of heads that is given counts those of attention's channels alone", () => {
  const { bytes } = build({
    title: "",
    nodes: [hide("merged"), concat(["mlp", "merged.hidden"])],
    width: 2 * C,
  });
  expect(errorOf(() => attentionTaps(bytes)).code).toBe("unknown-heads");
  expect(sectionsOf(attentionTaps(bytes, { heads: H }))).toEqual([`other ${C}`, `attn ${C}:${H}`]);
});

it("one number of heads is refused where two attentions stand side by side and neither shows its own", () => {
  const { bytes } = build({
    title: "",
    nodes: [node("Slice", ["merged", "from", "half_way", "last"], "cut"), concat(["cut", "cut"])],
    width: C,
  });
  expect(errorOf(() => attentionTaps(bytes, { heads: 2 })).message).toContain("how many heads each");
});

it("a sum of padded parts is not taken for attention", () => {
  const { bytes } = build({
    title: "",
    nodes: [
      node("Pad", ["merged", "after"], "wide_attention"),
      node("Pad", ["mlp", "before"], "wide_mlp"),
      node("Add", ["wide_attention", "wide_mlp"], "joined"),
    ],
    width: 2 * C,
  });
  expect(errorOf(() => attentionTaps(bytes, { heads: H })).code).toBe("no-match");
});
