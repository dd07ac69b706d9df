import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { beforeAll, describe, expect, it } from "vitest";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import type { ComponentWeights } from "../src/checkpoint/component-weights.ts";
import type { ComputeType, ElementType } from "../src/graph/element-type.ts";
import { GraphBuilder } from "../src/graph/graph-builder.ts";
import type { ModelGraphOptions } from "../src/graph/model-graph.ts";
import { buildAutoencoderDecoder } from "../src/models/autoencoder-decoder.ts";
import { buildAutoencoderEncoder } from "../src/models/autoencoder-encoder.ts";
import { buildTextEncoder } from "../src/models/text-encoder.ts";
import { buildTransformer } from "../src/models/transformer.ts";
import { findMisplacedNodes, summarize } from "./cuda-placement.ts";
import { openKleinTiny } from "./klein-tiny.ts";

let checkpoint: Checkpoint;
beforeAll(async () => {
  checkpoint = await openKleinTiny();
});

describe("every node of the graphs for CUDA has a kernel there", () => {
  it.each<ComputeType>(["bfloat16", "float16", "float32"])("transformer in %s", (computeType) => {
    const { config, weights } = checkpoint.transformer;
    expect(
      summarize(findMisplacedNodes(buildTransformer(config, { weights, computeType }).serialize())),
    ).toEqual([]);
  });

  it.each<ComputeType>(["bfloat16", "float16", "float32"])(
    "transformer with adapters in %s",
    (computeType) => {
      const { config, weights } = checkpoint.transformer;
      const weight = weights.locate("proj_out.weight", [16, 64]);
      // The matrices are made up: no byte of them is read.
      const source = {
        locate: (name: string, shape: readonly number[]) =>
          name.includes(".lora_") ? { ...weight, dtype: "F32" as const, shape } : weights.locate(name, shape),
      };
      const layers = new Map(
        ["proj_out", "norm_out.linear"].map((path) => {
          const [down, up] = [`${path}.lora_A.0`, `${path}.lora_B.0`] as const;
          return [path, { rank: 2, factor: 0.5, down, up }];
        }),
      );
      const model = buildTransformer(config, {
        weights: source,
        computeType,
        adapters: [{ layers }],
      }).serialize();
      expect(fromBinary(ModelProtoSchema, model).graph?.node.map(({ name }) => name)).toContain(
        "proj_out.lora_B.0",
      );
      expect(summarize(findMisplacedNodes(model))).toEqual([]);
    },
  );

  it.each<ComputeType>(["bfloat16", "float16", "float32"])("text encoder in %s", (computeType) => {
    const { config, weights } = checkpoint.textEncoder;
    expect(
      summarize(findMisplacedNodes(buildTextEncoder(config, { weights, computeType }).serialize())),
    ).toEqual([]);
  });

  it.each<[ComputeType, "F8_E4M3" | "F8_E5M2", readonly number[]]>([
    ["bfloat16", "F8_E4M3", []],
    ["float16", "F8_E5M2", [1]],
    ["float32", "F8_E4M3", [1_000, 1]],
  ])("models in %s of %s weights with scales of shape %j", (computeType, dtype, shapeOfScale) => {
    const { transformer, textEncoder } = checkpoint;
    const inFloat8 = (weights: ComponentWeights): ModelGraphOptions["weights"] => ({
      locate(name, shape) {
        const weight = weights.locate(name, shape);
        return { ...weight, dtype, scale: { ...weight, dtype: "BF16", shape: shapeOfScale } };
      },
    });
    for (const graph of [
      buildTransformer(transformer.config, { weights: inFloat8(transformer.weights), computeType }),
      buildTextEncoder(textEncoder.config, { weights: inFloat8(textEncoder.weights), computeType }),
    ]) {
      expect(summarize(findMisplacedNodes(graph.serialize()))).toEqual([]);
    }
  });

  const halves = [
    { half: "encoder", build: buildAutoencoderEncoder },
    { half: "decoder", build: buildAutoencoderDecoder },
  ];
  const misplaced = (build: (typeof halves)[number]["build"], opset?: bigint): string[] => {
    const { config, weights } = checkpoint.autoencoder;
    const model = build(config, { weights, computeType: "float32" }).serialize();
    return summarize(findMisplacedNodes(opset === undefined ? model : withOpset(model, opset)));
  };

  it.each(halves)("autoencoder's $half in float32", ({ build }) => {
    expect(misplaced(build)).toEqual([]);
  });

  // InstanceNormalization has a kernel for its version 6 only, and operator set 22 brought another.
  it.each(halves)("but not the autoencoder's $half if it were of operator set 23", ({ build }) => {
    expect(misplaced(build, 23n).join()).toContain("InstanceNormalization: no kernel for its version 22");
  });
});

/** The same nodes under another version of ONNX's operators. */
function withOpset(model: Uint8Array, version: bigint): Uint8Array {
  const proto = fromBinary(ModelProtoSchema, model);
  for (const entry of proto.opsetImport) if (entry.domain === "") entry.version = version;
  return toBinary(ModelProtoSchema, proto);
}

describe("the check finds a node that would leave the GPU", () => {
  /** A model of one node over one input. */
  function oneNode(op: string, type: ElementType, options: { domain?: "com.microsoft" } = {}): Uint8Array {
    const g = new GraphBuilder("one-node");
    g.output("y", g.node(op, [g.input("x", type, [2, 3])], type, { name: "it", ...options }), [2, 3]);
    return g.serialize();
  }
  const reasons = (model: Uint8Array): string[] => findMisplacedNodes(model).map(({ reason }) => reason);

  it("a type that no kernel takes", () => {
    expect(findMisplacedNodes(oneNode("ReduceMean", "bfloat16"))).toEqual([
      { node: "it", operator: "ReduceMean", reason: "no kernel of version 18 takes T = bfloat16" },
    ]);
    expect(findMisplacedNodes(oneNode("ReduceMean", "float16"))).toEqual([]);
  });

  it("an operator of another domain, or that nobody has looked up", () => {
    expect(reasons(oneNode("Sqrt", "float32", { domain: "com.microsoft" }))).toEqual([
      "the table has no such operator",
    ]);
    expect(reasons(oneNode("Erf", "float32"))).toEqual(["the table has no such operator"]);
  });

  it("a version that an older kernel without an end does not take", () => {
    expect(reasons(oneNode("InstanceNormalization", "float32"))).toEqual([
      "no kernel for its version 22 (operator set 23)",
    ]);
  });

  it("types that differ where the operator wants one", () => {
    const g = new GraphBuilder("mixed");
    const sum = g.node("Add", [g.input("x", "float32", [2]), g.input("z", "float16", [2])], "float32");
    g.output("y", sum, [2]);
    expect(reasons(g.serialize())).toEqual(["T is float32 and float16 at once"]);
  });

  it("arithmetic on a shape, but not a shape that a kernel reads from host memory", () => {
    const g = new GraphBuilder("shapes");
    const x = g.input("x", "float32", ["B", 3]);
    const shape = g.node("Shape", [x], "int64");
    const twice = g.node("Add", [shape, shape], "int64", { name: "twice" });
    g.output("y", g.node("Reshape", [x, shape], "float32"), ["B", 3]);
    g.output("z", g.node("Expand", [x, twice], "float32"), ["C", 6]);
    expect(findMisplacedNodes(g.serialize()).map(({ node }) => node)).toEqual(["twice"]);
  });
});
