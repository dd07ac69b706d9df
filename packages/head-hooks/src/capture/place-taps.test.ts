import { describe, expect, it } from "vitest";
import { C, D, H, weights } from "../../test/attention-forms.ts";
import { model, type ModelParts, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { meanSquareOf, rangesTensor, relativeError, runModel, type Tensor } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";

type Node = ModelParts["nodes"][number];
type Initializer = NonNullable<ModelParts["initializers"]>[number];

/** Two attentions, `a` over the value `a.in` and `b` over `b.in`, each [rows, tokens of a window, C]. */
interface Form {
  readonly title: string;
  /** The axes of the inputs. */
  readonly inputs: Readonly<Record<string, (number | string)[]>>;
  /** What makes `a.in` and `b.in`; `a.y` and `b.y` are there for the second. */
  readonly nodes: { readonly before: Node[]; readonly between: Node[] };
  readonly initializers?: Initializer[];
}

const integers = (name: string, values: number[]): Initializer =>
  tensor(name, [values.length], values, "int64");
const reshape = (input: string, shape: string, output: string): Node =>
  node("Reshape", [input, shape], output);
const transpose = (input: string, output: string, perm: number[]): Node =>
  node("Transpose", [input], output, { perm });

function attention(name: string): Node[] {
  const own = (part: string): string => `${name}.${part}`;
  return [
    ...["q", "k", "v"].flatMap((part) => [
      node("MatMul", [own("in"), `${part}.weight`], own(`${part}.flat`)),
      reshape(own(`${part}.flat`), "heads_shape", own(`${part}.heads`)),
      transpose(own(`${part}.heads`), own(part), part === "k" ? [0, 2, 3, 1] : [0, 2, 1, 3]),
    ]),
    node("MatMul", [own("q"), own("k")], own("scores")),
    node("Softmax", [own("scores")], own("probabilities"), { axis: -1 }),
    node("MatMul", [own("probabilities"), own("v")], own("context")),
    transpose(own("context"), own("turned"), [0, 2, 1, 3]),
    reshape(own("turned"), "merged_shape", own("merged")),
    node("MatMul", [own("merged"), "out.weight"], own("y"), {}, "", own("out")),
  ];
}

function build({ inputs, nodes, initializers = [] }: Form, masks: ModelParts["inputs"] = []): Uint8Array {
  return model({
    nodes: [...nodes.before, ...attention("a"), ...nodes.between, ...attention("b")],
    inputs: [...Object.entries(inputs).map(([name, axes]) => value(name, axes)), ...masks],
    outputs: ["a.merged", "b.merged", "b.y"].map((name) => value(name, undefined)),
    initializers: [
      ...["q", "k", "v", "out"].map((name, index) => weights(`${name}.weight`, C, C, index + 1)),
      ...[integers("heads_shape", [0, 0, H, D]), integers("merged_shape", [0, 0, C]), ...initializers],
    ],
    opset: 17,
    irVersion: 8,
  });
}

/** Windows of 2 tokens, then of 4, each a run of rows: `x` [batch, 8, C]. */
const runs = (batch: number | string, shapes: [number[], number[]]): Form => ({
  title: `runs of tokens, from [${batch}, 8, C]`,
  inputs: { x: [batch, 8, C] },
  nodes: { before: [reshape("x", "pairs", "a.in")], between: [reshape("a.y", "fours", "b.in")] },
  initializers: [integers("pairs", shapes[0]), integers("fours", shapes[1])],
});

const ROLL: Node[] = [
  node("Slice", ["x", "one", "end", "rows"], "x.tail"),
  node("Slice", ["x", "zero", "one", "rows"], "x.head"),
  node("Concat", ["x.tail", "x.head"], "x.rolled", { axis: 1 }),
];

/** Windows of 2 × 2 in an image [batch, 4, 4, C], then attention over the whole of it. */
const image = (batch: number | string, isRolled: boolean): Form => ({
  title: `windows of an image ${isRolled ? "that is rolled" : ""} next to the whole of it, from [${batch}, 4, 4, C]`,
  inputs: { x: [batch, 4, 4, C] },
  nodes: {
    before: [
      ...(isRolled ? ROLL : []),
      reshape(isRolled ? "x.rolled" : "x", "parts", "x.parts"),
      transpose("x.parts", "x.turned", [0, 1, 3, 2, 4, 5]),
      reshape("x.turned", "windows", "a.in"),
    ],
    between: [
      reshape("a.y", "parts_turned", "y.parts"),
      transpose("y.parts", "y.turned", [0, 1, 3, 2, 4, 5]),
      reshape("y.turned", "whole", "b.in"),
    ],
  },
  initializers: [
    ...[integers("parts", [-1, 2, 2, 2, 2, C]), integers("windows", [-1, 4, C])],
    ...[integers("parts_turned", [-1, 2, 2, 2, 2, C]), integers("whole", [-1, 16, C])],
    ...[integers("zero", [0]), integers("one", [1]), integers("end", [999]), integers("rows", [1])],
  ],
});

/** The number of windows computed at run time, as the legacy exporter writes it. */
const computed: Form = {
  title: "windows counted at run time, from [B, S, C]",
  inputs: { x: ["B", "S", C] },
  nodes: {
    before: [
      ...[node("Shape", ["x"], "x.shape"), node("Gather", ["x.shape", "first"], "x.batch", { axis: 0 })],
      node("Gather", ["x.shape", "second"], "x.tokens", { axis: 0 }),
      ...[node("Div", ["x.tokens", "two"], "x.pairs"), node("Mul", ["x.batch", "x.pairs"], "x.windows")],
      node("Unsqueeze", ["x.windows", "zero"], "x.windows1"),
      node("Concat", ["x.windows1", "pair", "channels"], "pairs", { axis: 0 }),
      reshape("x", "pairs", "a.in"),
    ],
    between: [node("Concat", ["x.back", "channels"], "whole", { axis: 0 }), reshape("a.y", "whole", "b.in")],
  },
  initializers: [
    ...[
      tensor("first", [], [0], "int64"),
      tensor("second", [], [1], "int64"),
      tensor("two", [], [2], "int64"),
    ],
    ...[integers("zero", [0]), integers("pair", [2]), integers("channels", [C])],
  ],
};
computed.nodes.between.unshift(node("Slice", ["x.shape", "zero", "pair"], "x.back"));

/** Patches, whose number is not followed where a run gives the size of the image, then windows of a fixed number. */
const patches: Form = {
  title: "windows of patches, next to windows of a fixed number, from [B, S, C]",
  inputs: { x: ["B", "S", C] },
  nodes: {
    before: [
      transpose("x", "x.image", [0, 2, 1]),
      node("Conv", ["x.image", "kernel"], "x.patches", { pads: [1, 1] }),
      ...[transpose("x.patches", "x.rows", [0, 2, 1]), reshape("x.rows", "pairs", "a.in")],
    ],
    between: [reshape("a.y", "fours", "b.in")],
  },
  initializers: [
    tensor("kernel", [C, C, 3], randomValues(C * C * 3, 6)),
    ...[integers("pairs", [-1, 2, C]), integers("fours", [4, 4, C])],
  ],
};

const alone: Form[] = [
  runs(1, [
    [4, 2, C],
    [2, 4, C],
  ]),
  runs(1, [
    [-1, 2, C],
    [-1, 4, C],
  ]),
  image(1, false),
  image(1, true),
];
const several: Form[] = [
  runs(2, [
    [8, 2, C],
    [4, 4, C],
  ]),
  runs("B", [
    [-1, 2, C],
    [-1, 4, C],
  ]),
  ...[image(2, false), image("B", false), image(2, true), computed, patches],
];

/** What is captured of each batch item: the mean squares of `a`, then of `b`, whose rows of an item are adjacent. */
function expected(outputs: Record<string, Tensor>, batch: number): number[] {
  const [a = [], b = []] = ["a.merged", "b.merged"].map((name) => {
    const { data } = outputs[name] ?? { data: new Float32Array() };
    return meanSquareOf({ data, shape: [batch, data.length / batch / C, C] }, D);
  });
  return Array.from({ length: batch }, (_, item) => [
    ...a.slice(item * H, (item + 1) * H),
    ...b.slice(item * H, (item + 1) * H),
  ]).flat();
}

async function expectCaptured(bytes: Uint8Array, axes: (number | string)[], batch: number): Promise<void> {
  const shape = axes.map((axis, index) => (typeof axis === "number" ? axis : index === 0 ? batch : 8));
  const data = randomValues(
    shape.reduce((product, axis) => product * axis, 1),
    5,
  );
  const outputs = await runModel(bytes, { x: { data, shape } });
  expect(outputs["mean_square"]?.shape).toEqual([batch, 2 * H]);
  const captured = outputs["mean_square"]?.data as Float32Array;
  expect(relativeError(captured, expected(outputs, batch))).toBeLessThan(1e-5);
}

describe.each(alone)("attention in $title", (form) => {
  it("is captured for the one batch item of the one input", async () => {
    await expectCaptured(hookModel(build(form)).model, form.inputs["x"] ?? [], 1);
  });
});

describe.each(several)("attention in $title", (form) => {
  const bytes = build(form);

  it("asks for the batch, and says what each tap has", () => {
    const error = errorOf(() => hookModel(bytes));
    expect(error.code).toBe("unknown-batch");
    expect(error.message).toContain("batchInput");
    expect(error.message).toMatch(/MatMul a\.out has .*MatMul b\.out has/);
  });

  it("is captured item by item where the batch is given", async () => {
    await expectCaptured(hookModel(bytes, { batchInput: "x" }).model, form.inputs["x"] ?? [], 2);
  });
});

describe("taps that one output cannot take", () => {
  const straight = (x: (number | string)[], z: (number | string)[]): Form => ({
    title: "",
    inputs: { x, z },
    nodes: { before: [node("Identity", ["x"], "a.in")], between: [node("Identity", ["z"], "b.in")] },
  });

  it.each([
    [
      [2, 8, C],
      [3, 8, C],
    ],
    [
      ["B", 8, C],
      [1, 8, C],
    ],
    [
      ["texts", "S", C],
      ["images", "S", C],
    ],
  ])("are refused if their batches come from inputs %j and %j", (x, z) => {
    const bytes = build(straight(x, z));
    expect(errorOf(() => hookModel(bytes)).code).toBe("unknown-batch");
    expect(hookModel(bytes, { taps: [{ at: "b.out" }] }).layout.taps).toHaveLength(1);
  });

  it("are refused if two of them differ, whatever the first one is", () => {
    const form = runs("B", [
      [-1, 2, C],
      [4, 4, C],
    ]);
    const bytes = model({
      nodes: [
        node("Unknown", ["x"], "hidden"),
        ...[reshape("hidden", "three", "whole"), node("MatMul", ["whole", "out.weight"], "first")],
        ...[...form.nodes.before, ...attention("a"), ...form.nodes.between, ...attention("b")],
      ],
      inputs: [value("x", ["B", 8, C])],
      outputs: [value("b.y", undefined)],
      initializers: [
        ...["q", "k", "v", "out"].map((name, index) => weights(`${name}.weight`, C, C, index + 1)),
        ...[integers("heads_shape", [0, 0, H, D]), integers("merged_shape", [0, 0, C])],
        ...[integers("three", [0, 0, C]), ...(form.initializers ?? [])],
      ],
    });
    const taps = ["first", "a.out", "b.out"].map((at) => ({ at }));
    expect(errorOf(() => hookModel(bytes, { taps })).message).toMatch(/a\.out has .* b\.out has/);
  });

  it("are refused if the given batch does not share out their rows", () => {
    const form = runs(2, [
      [8, 2, C],
      [4, 4, C],
    ]);
    const bytes = build({ ...form, inputs: { ...form.inputs, other: [3, C] } });
    expect(errorOf(() => hookModel(bytes, { batchInput: "other" })).message).toContain("16 rows");
  });

  it("are refused if they share an axis of tokens and have other numbers of them", async () => {
    const bytes = build(straight([2, 8, C], [2, 6, C]));
    for (const options of [{ perToken: true }, { segments: true }]) {
      expect(errorOf(() => hookModel(bytes, options)).code).toBe("unequal-tokens");
    }
    const taps = [
      { at: "a.out", segmentsInput: "a.segments" },
      { at: "b.out", segmentsInput: "b.segments" },
    ];
    const { model: hooked } = hookModel(bytes, { taps, segments: true, groupSize: D });
    const feeds = {
      x: { data: randomValues(16 * C, 1), shape: [2, 8, C] },
      z: { data: randomValues(12 * C, 2), shape: [2, 6, C] },
      "a.segments": rangesTensor([[0, 8]]),
      "b.segments": rangesTensor([[0, 6]]),
    };
    const outputs = await runModel(hooked, feeds);
    const captured = outputs["mean_square"]?.data as Float32Array;
    expect(relativeError(captured, expected(outputs, 2))).toBeLessThan(1e-5);
  });

  it.each([[[3, 8]], [[2, 7]], [[2, 1, 1, 8]]])("are refused with a mask of %j", (axes) => {
    const bytes = build(straight([2, 8, C], [2, 8, C]), [value("mask", axes)]);
    const error = errorOf(() => hookModel(bytes, { maskInput: "mask" }));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toContain("expected [batch, tokens] = [2, 8]");
  });
});
